import { baseNode, wires } from '../../support/canvas';
import { delayState } from '../../support/journeys';
import { customers } from '../../support/watch';
import { entry, type Scene } from './scene';

const PEOPLE = 5_000;

const journey = {
	name: 'Poison', settings: { saveDataSuccessExecution: 'all', saveDataErrorExecution: 'all' },
	nodes: [
		entry('dose'),
		baseNode('Code', 'code', 2, {
			mode: 'runOnceForEachItem', jsCode: "if ($json.event.properties.total === 'poison') throw new Error('total is no number');\nreturn $input.item;",
		}),
		delayState('Wait', 1, 'seconds'),
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry > Code', 'Code > Wait', 'Wait > End'),
};

export function poison(scene: Scene): void {
	it('is found in few executions, and holds up nobody', async () => {
		const { watch } = scene;
		const id = await scene.on.publish(journey);
		const people = customers(0, PEOPLE).map((one, at) => ({ who: `dosed-${one}`, event: 'dose', properties: { total: at === 2_345 ? 'poison' : at } }));
		for (let at = 0; at < PEOPLE; at += 1_000) await watch.happen(...people.slice(at, at + 1_000));
		const here = "JOIN journeys j ON j.id = journey_id WHERE j.name = 'Poison'";
		await watch.until('all are through', async () => {
			// The pauses before a new attempt add up to a minute and a half.
			await watch.rows("UPDATE instances SET due_at = now() WHERE attempts > 0 AND status = 'waiting' AND due_at > now()");
			return (await watch.count(`finished ${here}`)) === PEOPLE;
		});
		expect(await watch.rows(`SELECT status, reason, count(*)::int AS n, min(error) AS error FROM finished ${here} GROUP BY 1, 2 ORDER BY 1`)).toEqual([
			{ status: 'done', reason: 'completed', n: PEOPLE - 1, error: null },
			{ status: 'failed', reason: 'error', n: 1, error: expect.stringContaining('total is no number') },
		]);
		expect((await watch.story('dosed-u2345')).map((line) => line.replace(/ \(.*/, ''))).toEqual(['entered Entry', ...Array<string>(4).fill('retry Entry: error'), 'failed Entry: error']);
		const executions = await scene.on.n8n.executions(id);
		console.info(`5,000 people, one poisoned: ${executions.length} executions`);
		expect(executions.filter(({ status }) => status === 'error')).toHaveLength(5);
		expect(executions.length).toBeLessThan(150);
	});
}
