import { isDeepStrictEqual } from 'node:util';
import type { Counts } from '../lib/report/counts';
import type { SmtpSink } from '../test/support/smtp';
import type { Unknown } from './desk';
import { fateOf, REMINDER, VOUCHER, type Customer } from './script';

/** The subject of each check's mail, as `examples/cart-abandonment.json` words it. */
const SUBJECTS: Record<string, string> = { [REMINDER]: 'Your cart is waiting', [VOUCHER]: '10 % off your cart' };

type Mail = Pick<SmtpSink['mails'][number], 'to' | 'subject'>;

/** The numbers that the played events imply. */
export function expectedCounts(people: Customer[]): Omit<Counts, 'journey' | 'inside'> {
	const fates = people.map((one) => ({ ...one, ...fateOf(one) }));
	const count = (matches: (one: (typeof fates)[number]) => boolean) => fates.filter(matches).length;
	const tally = (names: string[]) => Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((one) => one === name).length]));
	const total = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0);
	const buyers = fates.filter(({ revenue }) => revenue !== undefined);
	return {
		entered: { times: people.length, people: people.length },
		ended: tally(fates.map(({ ended }) => ended)),
		refused: { already_inside: total(fates.map(({ refused }) => refused.already_inside)), lock: total(fates.map(({ refused }) => refused.lock)) },
		messages: [REMINDER, VOUCHER].map((step) => ({
			step, claimed: 0, unknown: 0,
			sent: count(({ mails, bounces }) => mails.includes(step) && !bounces),
			failed: count(({ mails, bounces }) => mails.includes(step) && bounces === true),
			skipped: tally(fates.flatMap(({ skipped }) => (skipped?.step === step ? [skipped.reason] : []))),
		})),
		converted: [{ goal: 'Order', version: 1, times: buyers.length, people: buyers.length, value: total(buyers.map(({ revenue }) => revenue!)), currency: 'EUR' }],
	};
}

/** Where the numbers differ from what they must be. @returns nothing when they do not */
export function differences(counts: Counts, people: Customer[]): string[] {
	const { journey, inside, ...seen } = counts;
	const expected = expectedCounts(people);
	const wrong = (Object.keys(expected) as Array<keyof typeof expected>).filter((name) => !isDeepStrictEqual(seen[name], expected[name]));
	return [
		...(inside.length > 0 ? [`${journey}: somebody is still inside: ${JSON.stringify(inside)}`] : []),
		...wrong.map((name) => `${journey}: ${name} is ${JSON.stringify(seen[name])}, expected ${JSON.stringify(expected[name])}`),
	];
}

export interface Post {
	/** Due, not there, and not listed as unknown. */
	lost: string[];
	doubled: string[];
	/** Nobody was to get them. */
	unexpected: string[];
	/** Listed as unknown: the customers whose mail had arrived, and those whose had not. */
	unknown: { arrived: string[]; not: string[] };
}

/** Compares what has arrived with what was due. @param rejected addresses that were refused by the mail server */
export function sortPost(people: Customer[], mails: Mail[], rejected: string[], unknown: Unknown[]): Post {
	const arrived = new Map<string, number>();
	const name = (email: string, step: string) => `${email}: ${SUBJECTS[step]}`;
	const nameOf = ({ to, subject }: Mail) => `${to.join()}: ${Object.values(SUBJECTS).find((one) => subject.startsWith(one)) ?? subject}`;
	for (const one of [...mails.map(nameOf), ...rejected.map((email) => name(email, REMINDER))]) arrived.set(one, (arrived.get(one) ?? 0) + 1);
	const open = new Set(unknown.map(({ profile, journey }) => name(profile.email, journey.step)));
	const due = new Set(people.flatMap((one) => {
		const { mails: steps } = fateOf(one, open.has(name(one.email ?? '', REMINDER)));
		return steps.map((step) => name(one.email!, step));
	}));
	return {
		lost: [...due].filter((one) => !arrived.has(one) && !open.has(one)),
		doubled: [...arrived].filter(([, times]) => times > 1).map(([one]) => one),
		unexpected: [...arrived.keys()].filter((one) => !due.has(one) && !open.has(one)),
		unknown: { arrived: [...open].filter((one) => arrived.has(one)), not: [...open].filter((one) => !arrived.has(one)) },
	};
}
