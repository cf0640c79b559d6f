/** What the shop's 200 customers do, and what must become of them. Pure: the same in every run. */

/** One way to behave. What is not said does not happen. */
interface Plot {
	people: number;
	/** Totals of the cart: the first lets them in, the others follow during the hour of quiet. */
	carts: number[];
	without?: 'email' | 'first_name';
	/** Absent: never asked. */
	consent?: boolean;
	/** The mail server refuses their address. */
	bounces?: true;
	/** During the hour of quiet. */
	quiet?: 'orders' | 'waives consent';
	/** As soon as the reminder arrives. */
	reminded?: 'clicks' | 'orders';
	/** When everybody has left the journey. */
	later?: 'orders' | 'new cart';
}

const YES = { consent: true } as const;

const PLOTS = {
	'has no e-mail address': { ...YES, people: 8, carts: [60], without: 'email' },
	'has refused e-mails': { people: 5, carts: [60], consent: false },
	'was never asked for consent': { people: 12, carts: [60] },
	'has no first name': { ...YES, people: 8, carts: [60], without: 'first_name' },
	'refuses e-mails while we wait': { ...YES, people: 5, carts: [60], quiet: 'waives consent' },
	'has an address that bounces': { ...YES, people: 1, carts: [60], bounces: true },
	'buys at once': { ...YES, people: 20, carts: [45], quiet: 'orders' },
	'buys at once and fills a new cart': { ...YES, people: 10, carts: [150], quiet: 'orders', later: 'new cart' },
	'goes on shopping': { ...YES, people: 20, carts: [40, 80, 140] },
	'buys when reminded': { ...YES, people: 25, carts: [75], reminded: 'orders' },
	'clicks and buys later': { ...YES, people: 15, carts: [90], reminded: 'clicks', later: 'orders' },
	'only clicks': { ...YES, people: 20, carts: [120], reminded: 'clicks' },
	'buys later with the voucher': { ...YES, people: 12, carts: [100], later: 'orders' },
	'ignores the voucher too': { ...YES, people: 14, carts: [250] },
	'ignores everything, with a small cart': { ...YES, people: 25, carts: [99] },
} satisfies Record<string, Plot>;

export type Kind = keyof typeof PLOTS;

export interface Customer extends Omit<Plot, 'people' | 'without'> {
	/** `customer-17`: the user id. */
	id: string;
	kind: Kind;
	email?: string;
	firstName?: string;
}

/** Everybody, in a mixed order. */
export function customers(): Customer[] {
	const kinds = Object.entries<Plot>(PLOTS).flatMap(([kind, plot]) => Array.from({ length: plot.people }, () => [kind as Kind, plot] as const));
	// 77 and the number of customers have no common divisor, so each is taken once.
	return kinds.map((_, at): Customer => {
		const [kind, { people, without, ...plot }] = kinds[(at * 77) % kinds.length]!;
		const id = `customer-${at + 1}`;
		return {
			...plot, id, kind,
			...(without === 'email' ? {} : { email: `${id}@example.com` }),
			...(without === 'first_name' ? {} : { firstName: `Customer ${at + 1}` }),
		};
	});
}

export const REMINDER = 'May we remind them?';
export const VOUCHER = 'May we send a voucher?';
export const VOUCHER_FROM = 100;

/** What must become of one customer. */
export interface Fate {
	/** The checks behind which a mail goes out, in order. */
	mails: string[];
	skipped?: { step: string; reason: string };
	ended: 'completed' | 'converted';
	/** Worth of the order that counts. */
	revenue?: number;
	refused: { already_inside: number; lock: number };
}

/** What must become of a customer, by the words of the example. @param reminderUnknown the reminder's outcome was lost with n8n */
export function fateOf(customer: Customer, reminderUnknown = false): Fate {
	const { carts, consent, quiet, reminded, later } = customer;
	const cart = carts.at(-1)!;
	const refused = { already_inside: carts.length - 1, lock: later === 'new cart' ? 1 : 0 };
	const fate: Fate = { mails: [], ended: 'completed', refused };
	const buys = (ended: Fate['ended']): Fate => ({ ...fate, ended, revenue: cart });
	const skip = (reason: string): Fate => ({ ...fate, skipped: { step: REMINDER, reason } });

	if (quiet === 'orders') return buys('converted');
	if (customer.email === undefined || consent === false) return fate;
	if (quiet === 'waives consent') return skip('consent_denied');
	if (consent === undefined) return skip('consent_unknown');
	if (customer.firstName === undefined) return skip('missing');
	if (reminderUnknown) return skip('already_unknown');
	fate.mails.push(REMINDER);
	if (customer.bounces) return fate;
	if (reminded === 'orders') return buys('converted');
	if (reminded !== 'clicks' && cart >= VOUCHER_FROM) fate.mails.push(VOUCHER);
	return later === 'orders' ? buys('completed') : fate;
}
