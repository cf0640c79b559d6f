import { branchOutputs } from '../../nodes/shared/branchOutputs';
import { keepSegment } from '../../lib/run/segments';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { STORES } from '../support/stores';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', {
	event: 'cart', values: { value: [{ name: 'total', path: 'total' }] }, options: { key: 'shop' },
});

/** Entry, an n8n node, a Branch; behind each of its outputs a node of n8n's own. */
const canvas = (parameters: object, ...behind: string[]) => ({
	name: 'Branch',
	nodes: [
		entry,
		baseNode('Set', 'set', 3.4, { ...assign({ seen: 'yes' }), includeOtherFields: false }),
		journeyNode('Branch', 'journeyBranch', parameters),
		...behind.map((name) => baseNode(name, 'noOp', 1)),
	],
	connections: wires('Entry > Set', 'Set > Branch', ...behind.map((name, at) => `Branch:${at} > ${name}`)),
});

const rule = (output: string, conditions: object, match = 'all') => ({ output, match, conditions });
const total = (operator: string, value: string) => ({ path: 'total', operator, value });

describe.each(STORES)('Journey Branch on %s', (kind) => {
	let run: CanvasRunner;
	afterEach(async () => await run?.close());

	const decisions = async () => await run.store.tx(async (db) => await db.rows<{ who: string; reason: string; detail: object }>(
		`SELECT value AS who, reason, detail FROM journal JOIN identities USING (profile_id) WHERE journal.kind = 'branched' ORDER BY value, journal.id`,
	));

	const rules = { mode: 'rules', rules: { rule: [
		rule('large', { context: [total('greater', '90')] }),
		rule('vip', { tag: [{ has: true, tag: 'vip' }] }),
		rule('gift', { event: [{ path: 'gift', operator: 'is', value: 'true' }], group: [{ match: 'none', conditions: { context: [total('less', '50')] } }] }),
	] } };

	it('sends everybody to the first rule that holds, else to Otherwise', async () => {
		run = await CanvasRunner.open(kind, canvas(rules, 'otherwise', 'large', 'vip', 'gift'));
		await run.send({ who: 'b-vip', change: { addTags: ['vip'] } }, { who: 'a-both', change: { addTags: ['vip'] } });
		await run.send(
			{ who: 'a-both', event: 'cart', properties: { total: 100, gift: true } },
			{ who: 'b-vip', event: 'cart', properties: { total: 60, gift: true } },
			{ who: 'c-gift', event: 'cart', properties: { total: 60, gift: true } },
			{ who: 'd-small', event: 'cart', properties: { total: 10, gift: true } },
			{ who: 'e-plain', event: 'cart', properties: { total: 60 } },
		);
		await run.pass('1 second');
		expect(await decisions()).toEqual([
			{ who: 'a-both', reason: 'rule', detail: { output: 'large', visit: 0 } },
			{ who: 'b-vip', reason: 'rule', detail: { output: 'vip', visit: 0 } },
			{ who: 'c-gift', reason: 'rule', detail: { output: 'gift', visit: 0 } },
			{ who: 'd-small', reason: 'otherwise', detail: { output: 'Otherwise', visit: 0 } },
			{ who: 'e-plain', reason: 'otherwise', detail: { output: 'Otherwise', visit: 0 } },
		]);
		expect(['otherwise', 'large', 'vip', 'gift'].map((node) => run.itemsOf(node).length)).toEqual([2, 1, 1, 1]);
		expect(run.executions).toBe(1);
	});

	it('hands on the person, what the item carried besides, and where it comes from', async () => {
		run = await CanvasRunner.open(kind, canvas(rules, 'otherwise', 'large', 'vip', 'gift'));
		await run.send({ who: '1', event: 'cart', properties: { total: 1 } }, { who: '2', event: 'cart', properties: { total: 95 } });
		await run.pass('0 seconds');
		expect(run.itemsOf('large')).toMatchObject([{
			json: { seen: 'yes', journey: { key: 'shop', step: 'Branch' }, profile: { tags: [] }, event: { name: 'cart' }, context: { total: 95 } },
		}]);
		expect(run.itemsOf('Branch').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
	});

	it('lets go of people who left the journey on the way', async () => {
		run = await CanvasRunner.open(kind, canvas(rules, 'otherwise', 'large', 'vip', 'gift'));
		await run.send({ who: '1', event: 'cart', properties: { total: 1 } }, { who: '2', event: 'cart', properties: { total: 1 } });
		run.after('Set', async () => await run.store.tx(async (db) => await db.rows(`DELETE FROM instances WHERE profile_id = (SELECT profile_id FROM identities WHERE value = '1')`)));
		await run.pass('0 seconds');
		expect(run.itemsOf('otherwise')).toHaveLength(1);
		expect((await decisions()).map(({ who }) => who)).toEqual(['2']);
	});

	it('splits by weight, with the probability, and everybody keeps their side on a later visit', async () => {
		const loop = {
			name: 'Split',
			nodes: [
				entry,
				journeyNode('Branch', 'journeyBranch', { mode: 'split', variants: { variant: [{ name: 'Offer', weight: 3 }, { name: 'Control', weight: 1 }] } }),
				journeyNode('Wait', 'journeyState', { until: 'delay', delayAmount: 1, delayUnit: 'hours' }),
			],
			connections: wires('Entry > Branch', 'Branch:0 > Wait', 'Branch:1 > Wait', 'Wait > Branch'),
		};
		run = await CanvasRunner.open(kind, loop);
		const people = Array.from({ length: 200 }, (_, at) => `customer-${at + 1}`);
		await run.send(...people.map((who) => ({ who, event: 'cart' })));
		await run.pass('3 hours');
		const made = await decisions();
		expect(made).toHaveLength(4 * people.length);
		const sides = new Map(made.map(({ who, detail }) => [who, (detail as { output: string }).output]));
		for (const { who, reason, detail } of made) {
			const output = sides.get(who);
			expect({ reason, detail }).toEqual({ reason: 'split', detail: { output, probability: output === 'Offer' ? 0.75 : 0.25, visit: expect.any(Number) } });
		}
		const offered = [...sides.values()].filter((side) => side === 'Offer').length;
		expect(offered).toBeGreaterThan(120);
		expect(offered).toBeLessThan(180);
	});

	it('is not published with a control that has grown since people came through, nor is anybody put into it', async () => {
		const split = (control: number) => canvas({ mode: 'split', variants: { variant: [{ name: 'Control', weight: control, control: true }, { name: 'Offer', weight: 100 - control }] } }, 'control', 'offer');
		run = await CanvasRunner.open(kind, split(10));
		await run.publish(split(20));
		await run.send(...Array.from({ length: 50 }, (_, at) => ({ who: `customer-${at}`, event: 'cart' })));
		await run.pass('1 second');
		expect((await decisions())[0]).toMatchObject({ reason: 'split', detail: { probability: expect.any(Number) } });
		await expect(run.publish(split(30))).rejects.toThrow('Split Between: the control "Control" would grow from 20 % to 30 %.');
		await run.publish(split(10));
		const before = (await decisions()).length;
		await run.send({ who: 'late', event: 'cart' });
		await run.pass('1 second');
		expect((await decisions()).length).toBe(before + 1);
	});

	it('goes by what the customer did since they came, by a segment and by their messages', async () => {
		const asks = (output: string, conditions: object) => rule(output, conditions);
		run = await CanvasRunner.open(kind, {
			name: 'Look back',
			nodes: [
				entry,
				journeyNode('Wait', 'journeyState', { until: 'delay', delayAmount: 1, delayUnit: 'days' }),
				journeyNode('Branch', 'journeyBranch', { mode: 'rules', rules: { rule: [
					asks('opened', { message: [{ did: 'opened', count: 'atLeast', times: 1, of: 'last', ofLast: 1, journey: 'this', period: 'entry' }] }),
					asks('cart again', { behaviour: [{ did: true, event: 'cart', times: 1, period: 'entry' }] }),
					asks('loyal', { segment: [{ segment: 'Loyal', in: true }] }),
				] } }),
				...['otherwise', 'opened', 'cart again', 'loyal'].map((name) => baseNode(name, 'noOp', 1)),
			],
			connections: wires('Entry > Wait', 'Wait > Branch', ...['otherwise', 'opened', 'cart again', 'loyal'].map((name, at) => `Branch:${at} > ${name}`)),
		});
		await run.send(...['1', '2', '3', '4'].map((who) => ({ who, event: 'cart', ...(who === '3' && { change: { addTags: ['loyal'] } }) })));
		await keepSegment(run.store, { name: 'Loyal', rule: { kind: 'tag', has: true, tag: 'loyal' }, zone: 'UTC', refresh_minutes: 60 });
		await run.pass('1 hour');
		await run.send({ who: '2', event: 'cart' });
		await run.store.tx(async (db) => await db.rows(
			`WITH sent AS (
				INSERT INTO deliveries (profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at, settled_at)
				SELECT i.profile_id, i.journey_id, i.step_id, i.id, 9, 'email', 'marketing', 'sent', 'e', gen_random_uuid(), $1, $1
				FROM instances i JOIN identities u ON u.profile_id = i.profile_id WHERE u.value = '1' RETURNING id, profile_id
			) INSERT INTO engagements (delivery_id, kind, at, profile_id) SELECT id, 'opened', $1, profile_id FROM sent`, [db.now]));
		await run.pass('1 day');
		expect((await decisions()).map(({ who, detail }) => [who, (detail as { output: string }).output])).toEqual([['1', 'opened'], ['2', 'cart again'], ['3', 'loyal'], ['4', 'Otherwise']]);
	});

	it('repeats what it decided when a batch is run again, although the customer has changed since', async () => {
		run = await CanvasRunner.open(kind, canvas(rules, 'otherwise', 'large', 'vip', 'gift'));
		await run.send({ who: '1', event: 'cart', properties: { total: 1 } });
		run.after('otherwise', async () => await run.send({ who: '1', change: { addTags: ['vip'] } }));
		run.killAfter('otherwise');
		await run.pass('5 minutes');
		expect(await run.timeline('1')).toEqual([
			'+0s entered Entry', '+0s branched Branch: otherwise → Otherwise', expect.stringMatching(/ retry .*: lease/), expect.stringMatching(/ done: completed/),
		]);
		expect([run.itemsOf('otherwise').length, run.itemsOf('vip').length]).toEqual([2, 0]);
	});

	it('asks anew when the output it chose is not there any more', async () => {
		run = await CanvasRunner.open(kind, canvas(rules, 'otherwise', 'large', 'vip', 'gift'));
		await run.send({ who: '1', event: 'cart', properties: { total: 95 } });
		run.killAfter('large');
		run.after('large', async () => await run.publish(canvas({ mode: 'rules', rules: { rule: [rule('small', { context: [total('less', '90')] })] } }, 'otherwise', 'small')));
		await run.pass('5 minutes');
		expect((await decisions()).map(({ detail }) => (detail as { output: string }).output)).toEqual(['large', 'Otherwise']);
	});
});

const REFUSED: Array<[string, object, RegExp]> = [
	['no rule', { mode: 'rules', rules: {} }, /Rules: there is none/],
	['a rule without conditions', { rules: { rule: [rule('a', {})] } }, /Rule "a": An empty condition group matches nothing/],
	['an output name twice', { rules: { rule: [rule('a', { tag: [{ has: true, tag: 't' }] }), rule('a', { tag: [{ has: true, tag: 't' }] })] } }, /Output Name: "a" is there twice/],
	['a rule named Otherwise', { rules: { rule: [rule('Otherwise', { tag: [{ has: true, tag: 't' }] })] } }, /"Otherwise" is there twice/],
	['a weight of 0', { mode: 'split', variants: { variant: [{ name: 'a', weight: 0 }] } }, /Split Between: "a" has the weight 0/],
];

describe.each(STORES)('a Journey Branch with a bad panel on %s', (kind) => {
	let run: CanvasRunner;
	beforeAll(async () => (run = await CanvasRunner.open(kind, canvas({ mode: 'split' }))));
	afterAll(async () => await run?.close());

	it.each(REFUSED)('is not published with %s', async (_, parameters, message) => {
		await expect(run.publish(canvas(parameters, 'otherwise'))).rejects.toThrow(message);
	});
});

describe('outputs of a Journey Branch', () => {
	it('are Otherwise and the rules in their order, named by their place if they have no name', () => {
		expect(branchOutputs({ mode: 'rules', rules: { rule: [{ output: 'a' }, {}] } }).map(({ displayName }) => displayName)).toEqual(['Otherwise', 'a', 'Rule 2']);
	});

	it('are the sides of a split, with their share', () => {
		const variant = [{ name: 'a', weight: 2 }, { name: 'b', weight: 1 }];
		expect(branchOutputs({ mode: 'split', variants: { variant } }).map(({ displayName }) => displayName)).toEqual(['a 66.7 %', 'b 33.3 %']);
	});

	it('are what the editor evaluates', () => {
		const panel = { mode: 'split', variants: { variant: [{ name: 'a', weight: 1 }] } };
		// eslint-disable-next-line @typescript-eslint/no-implied-eval -- what the editor does with the text
		const evaluate = new Function('$parameter', `return (${branchOutputs.toString()})($parameter)`) as typeof branchOutputs;
		expect(evaluate(panel)).toEqual(branchOutputs(panel));
	});
});
