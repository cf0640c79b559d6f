import type { Variant } from '../../lib/core/split';
import type { Rule } from '../../lib/core/types';
import { partByRules, partBySplit } from '../../lib/run/evaluate';
import { intercepted } from '../support/intercept';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, makeRunning, makeWorld, type World } from '../support/world';

jest.setTimeout(60_000);

const tagged = (tag: string): Rule => ({ kind: 'tag', has: true, tag });
const OUTCOMES = ['Otherwise', 'a', 'b'].map((output, at) => ({ reason: at === 0 ? 'otherwise' : 'rule', output }));
const RULES = [tagged('a'), tagged('b')];

describe.each(STORES)('parting people on %s', (kind) => {
	let it_: TestStore;
	let world: World;
	beforeAll(async () => {
		it_ = await freshStore(kind);
		world = await makeWorld(it_.store);
	});
	afterAll(async () => await it_?.drop());

	const people = async (...users: string[]) => {
		const [batch] = await makeRunning(it_.store, world, users, users.length);
		return { claim: { token: batch!.token, execution: 'e1' }, ids: batch!.people.map(({ id }) => id) };
	};
	const parting = () => ({ step: world.action, kind: 'branched' as const });
	const split = (variants: Variant[], key = 'node') => ({ variants, salt: 's', key });
	const asked = (ids: number[]) => ids.map((instance, item) => ({ item, instance, vars: null }));
	const told = async (ids: number[]) => await ask<{ instance_id: number; output: string; probability: number | null }>(
		it_.store, `SELECT instance_id, detail ->> 'output' AS output, (detail ->> 'probability')::float8 AS probability FROM journal
			WHERE kind = 'branched' AND instance_id = ANY($1::bigint[]) ORDER BY 1, 2`, [ids],
	);

	it('asks all rules for a whole batch in one statement and journals in another, whatever its size', async () => {
		const { claim, ids } = await people(...Array.from({ length: 500 }, (_, at) => `many-${at}`));
		const statements: string[] = [];
		const store = intercepted(it_.store, () => async (sql, _params, pass) => (statements.push(sql), await pass()));
		expect(await partByRules({ store }, claim, parting(), RULES, OUTCOMES, asked(ids))).toHaveLength(500);
		expect(statements).toHaveLength(2);
		expect(await told(ids)).toHaveLength(500);
	});

	it('writes nothing and lets nobody on for an execution that does not hold them', async () => {
		const { claim, ids } = await people('mine');
		for (const other of [{ ...claim, execution: 'e2' }, { ...claim, token: '00000000-0000-4000-8000-000000000000' }]) {
			expect(await partByRules(it_, other, parting(), RULES, OUTCOMES, asked(ids))).toEqual([]);
			expect(await partBySplit(it_, other, parting(), split([{ name: 'a', weight: 1 }]), asked(ids))).toEqual([]);
		}
		expect(await told(ids)).toEqual([]);
	});

	it('leaves out who has been taken from the batch', async () => {
		const { claim, ids } = await people('stays', 'leaves');
		await ask(it_.store, 'DELETE FROM instances WHERE id = $1', [ids[1]]);
		expect(await partByRules(it_, claim, parting(), RULES, OUTCOMES, asked(ids))).toEqual([{ item: 0, choice: 0 }]);
		expect(await told(ids)).toHaveLength(1);
	});

	it('lets several items of one person go their own ways, one row for each way', async () => {
		const { claim, ids: [id] } = await people('several');
		const equals: Rule = { kind: 'attribute', condition: { path: 'none', operator: 'isNot', variable: 'v1' } };
		const differ: Rule = { kind: 'group', match: 'none', rules: [equals] };
		await ask(it_.store, `UPDATE profiles SET attributes = '{"none": "x"}' WHERE id = (SELECT profile_id FROM instances WHERE id = $1)`, [id]);
		const items = ['x', 'y', 'x'].map((value, item) => ({ item, instance: id!, vars: { v: { v1: [value] } } }));
		expect((await partByRules(it_, claim, parting(), [differ], OUTCOMES, items)).map(({ choice }) => choice)).toEqual([1, 0, 1]);
		expect((await told([id!])).map(({ output }) => output)).toEqual(['Otherwise', 'a']);
	});

	it('repeats an earlier decision of this visit only, and only after a failure', async () => {
		const { claim, ids } = await people('again');
		const [id] = ids;
		const choice = async () => (await partByRules(it_, claim, parting(), RULES, OUTCOMES, asked(ids)))[0]!.choice;
		const become = async (tag: string) => await ask(it_.store, 'UPDATE profiles SET tags = ARRAY[$2] WHERE id = (SELECT profile_id FROM instances WHERE id = $1)', [id, tag]);
		await become('a');
		expect(await choice()).toBe(1);
		await become('b');
		for (const failures of [[1, 0], [0, 1]]) {
			await ask(it_.store, `UPDATE instances SET attempts = $2, losses = $3 WHERE id = $1`, [id, ...failures]);
			expect(await choice()).toBe(1);
		}
		expect(await told(ids)).toHaveLength(1);
		await ask(it_.store, 'UPDATE instances SET visit = visit + 1 WHERE id = $1', [id]);
		expect(await choice()).toBe(2);
		expect(await told(ids)).toHaveLength(2);
	});

	it('repeats the side of a split whose weights have changed since', async () => {
		const { claim, ids } = await people('split');
		const dealt = async (weights: [number, number]) => await partBySplit(it_, claim, parting(), split([{ name: 'a', weight: weights[0] }, { name: 'b', weight: weights[1] }]), asked(ids));
		expect((await dealt([1_000_000, 1]))[0]!.choice).toBe(0);
		await ask(it_.store, 'UPDATE instances SET attempts = 1 WHERE id = $1', [ids[0]]);
		expect((await dealt([1, 1_000_000]))[0]!.choice).toBe(0);
		expect(await told(ids)).toEqual([{ instance_id: ids[0], output: 'a', probability: 1_000_000 / 1_000_001 }]);
	});

	it('lets a control shrink, but neither grow nor come into being while people come through', async () => {
		const { claim, ids } = await people('control');
		const sides = (control: number, rest: number, name = 'Control'): Variant[] => [{ name, weight: control, control: true }, { name: 'Offer', weight: rest }];
		const deal = async (variants: Variant[], key = 'controlled') => await partBySplit(it_, claim, parting(), split(variants, key), asked(ids));
		await deal(sides(20, 80));
		await deal(sides(1, 9));
		await expect(deal(sides(15, 85))).rejects.toThrow('the control "Control" would grow from 10 % to 15 %. People come through this split already, so a control may only shrink');
		await expect(deal(sides(1, 99, 'Another'))).rejects.toThrow('the control "Another" would grow from 0 % to 1 %');
		await deal([{ name: 'Control', weight: 10 }, { name: 'Offer', weight: 90 }]);
		await expect(deal(sides(1, 99))).rejects.toThrow('would grow from 0 % to 1 %');
		await deal(sides(15, 85), 'anew');
	});
});
