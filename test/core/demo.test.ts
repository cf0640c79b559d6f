import cartAbandonment from '../../examples/cart-abandonment.json';
import { asPlayed, type WorkflowJson } from '../../demo/asPlayed';
import { customers, fateOf, REMINDER, VOUCHER } from '../../demo/script';
import { differences, expectedCounts, sortPost } from '../../demo/verdict';

const people = customers();
const subjects: Record<string, string> = { [REMINDER]: 'Your cart is waiting, Customer', [VOUCHER]: '10 % off your cart, Customer' };
const due = people.flatMap((one) => fateOf(one).mails.map((step) => ({ to: [one.email!], subject: subjects[step]!, bounces: one.bounces })));
const mails = due.filter(({ bounces }) => !bounces);
const rejected = due.flatMap(({ to, bounces }) => (bounces ? to : []));

describe('the played script', () => {
	it('has 200 customers of every kind, the same in every run', () => {
		expect(people).toHaveLength(200);
		expect(new Set(people.map(({ id }) => id)).size).toBe(200);
		expect(new Set(people.map(({ kind }) => kind)).size).toBe(15);
		expect(customers()).toEqual(people);
	});

	it('implies these numbers', () => {
		expect(expectedCounts(people)).toEqual({
			entered: { times: 200, people: 200 },
			ended: { completed: 145, converted: 55 },
			refused: { already_inside: 40, lock: 10 },
			messages: [
				{ step: REMINDER, claimed: 0, sent: 131, failed: 1, unknown: 0, skipped: { consent_denied: 5, consent_unknown: 12, missing: 8 } },
				{ step: VOUCHER, claimed: 0, sent: 46, failed: 0, unknown: 0, skipped: {} },
			],
			converted: [{ goal: 'Order', version: 1, times: 82, people: 82, value: 20 * 45 + 10 * 150 + 25 * 75 + 15 * 90 + 12 * 100, currency: 'EUR' }],
		});
	});
});

describe('the verdict', () => {
	const right = { journey: 'cart', inside: [], ...expectedCounts(people) };

	it('sees every number that differs, and who is still inside', () => {
		expect(differences(right, people)).toEqual([]);
		expect(differences({ ...right, ended: { completed: 146, converted: 54 } }, people)).toEqual([expect.stringMatching(/^cart: ended is .*146.*expected .*145/)]);
		expect(differences({ ...right, inside: [{ step: 'Wait', waiting: 1, running: 0 }] }, people)).toEqual([expect.stringContaining('still inside')]);
	});

	it('sees what was lost, doubled or not due', () => {
		expect(sortPost(people, mails, rejected, [])).toEqual({ lost: [], doubled: [], unexpected: [], unknown: { arrived: [], not: [] } });
		const [first, second] = mails.filter(({ subject }) => subject === subjects[REMINDER]) as [(typeof mails)[number], (typeof mails)[number]];
		const stranger = { to: ['customer-0@example.com'], subject: first.subject };
		expect(sortPost(people, [...mails.filter((one) => one !== first), second, stranger], rejected, [])).toMatchObject({
			lost: [`${first.to[0]}: Your cart is waiting`], doubled: [`${second.to[0]}: Your cart is waiting`], unexpected: ['customer-0@example.com: Your cart is waiting'],
		});
	});

	it('takes an unknown reminder for neither lost nor doubled, and expects no voucher after it', () => {
		const { email } = people.find(({ kind }) => kind === 'ignores the voucher too')!;
		const unknown = [{ journey: { step: REMINDER }, profile: { email: email! } }];
		const others = mails.filter(({ to }) => to[0] !== email);
		const reminder = { to: [email!], subject: subjects[REMINDER]! };
		const name = `${email}: Your cart is waiting`;
		expect(sortPost(people, others, rejected, unknown)).toEqual({ lost: [], doubled: [], unexpected: [], unknown: { arrived: [], not: [name] } });
		expect(sortPost(people, [...others, reminder], rejected, unknown)).toMatchObject({ unexpected: [], unknown: { arrived: [name], not: [] } });
		expect(sortPost(people, [...others, reminder, reminder], rejected, unknown)).toMatchObject({ doubled: [name] });
		expect(sortPost(people, [...others, { to: [email!], subject: subjects[VOUCHER]! }], rejected, unknown)).toMatchObject({ unexpected: [`${email}: 10 % off your cart`] });
	});
});

describe('the played example', () => {
	it('differs from the imported one in waits and batches alone', () => {
		const played = asPlayed(cartAbandonment as unknown as WorkflowJson);
		const changed = played.nodes.filter((node, at) => JSON.stringify(node) !== JSON.stringify(cartAbandonment.nodes[at]));
		expect(changed.map(({ name }) => name).sort()).toEqual(['An hour of quiet', 'Click within a day', REMINDER, VOUCHER]);
		expect(changed.map(({ parameters }) => parameters.delayUnit ?? parameters.limitDelayUnit).filter((unit) => unit)).toEqual(['seconds', 'seconds']);
	});
	it('refuses a wait that it does not know', () => {
		const node = { name: 'Somewhere', type: 'n8n-nodes-journey.journeyState', parameters: {} };
		expect(() => asPlayed({ name: 'x', nodes: [node], connections: {}, settings: {} })).toThrow("how long to wait at 'Somewhere'");
	});
});
