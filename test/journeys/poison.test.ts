import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, journeys } from '../support/journeys';

jest.setTimeout(240_000);

const PEOPLE = 5_000;

journeys('one poisoned person among 5,000', (open) => {
	it('is found in few executions, and holds up nobody', async () => {
		const run = await open({
			name: 'Poison',
			nodes: [
				journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }),
				baseNode('Code', 'code', 2, {
					mode: 'runOnceForEachItem', jsCode: "if ($json.event.properties.total === 'poison') throw new Error('total is no number');\nreturn $input.item;",
				}),
				delayState('Wait', 1, 'hours'),
				baseNode('End', 'noOp', 1),
			],
			connections: wires('Entry > Code', 'Code > Wait', 'Wait > End'),
		});
		const people = Array.from({ length: PEOPLE }, (_, n) => ({ who: `customer-${n}`, event: 'cart', properties: { total: n === 2_345 ? 'poison' : n } }));
		for (let at = 0; at < PEOPLE; at += 500) await run.send(...people.slice(at, at + 500));
		await run.pass('1 day');
		const counts = await run.store.tx(async (db) => await db.rows(
			`SELECT status, reason, count(*)::int AS count, count(DISTINCT profile_id)::int AS people, min(error) AS error FROM finished GROUP BY 1, 2 ORDER BY 1`,
		));
		expect(counts).toEqual([
			{ status: 'done', reason: 'completed', count: PEOPLE - 1, people: PEOPLE - 1, error: null },
			{ status: 'failed', reason: 'error', count: 1, people: 1, error: expect.stringContaining('total is no number') },
		]);
		expect(await run.timeline('customer-2345')).toEqual([
			'+0s entered Entry',
			...['+0s', '+1s', '+5s', '+21s'].map((at) => expect.stringMatching(new RegExp(`^\\${at} retry Entry: error`))),
			expect.stringMatching(/^\+1m25s failed Entry: error/),
		]);
		expect(run.itemsOf('End')).toHaveLength(PEOPLE - 1);
		expect(run.executions).toBeLessThan(150);
		expect(run.takeProblems().length).toBeLessThan(10);
	});
});
