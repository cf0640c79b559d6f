import { ifNumber, journeyNode, wires } from '../../support/canvas';
import { eventState } from '../../support/journeys';
import { ago, entry, mark, quiet, SECONDS, type Scene } from './scene';

/** Which way people go, when there are several. */
export function turning(scene: Scene): void {
	it('a Goal and a State that hear the same event: the Goal wins, and nobody goes two ways', async () => {
		await scene.on.publish({
			name: 'Both', settings: quiet,
			nodes: [
				entry('both cart'), eventState('Wait', [{ event: 'both order' }], [SECONDS, 'seconds']), mark('Remind'), mark('Woken'),
				journeyNode('Goal', 'journeyConversionGoal', { event: 'both order', options: { value: 'revenue' } }), mark('Thanks'),
			],
			connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Woken', 'Goal:1 > Thanks'),
		});
		await scene.watch.happen({ who: 'both-1', event: 'both cart' }, { who: 'both-2', event: 'both cart' });
		await scene.parked('both-1', 'both-2');
		await scene.watch.happen({ who: 'both-1', event: 'both order', properties: { revenue: 12.5 } });
		await scene.through('both-1', 'both-2');
		expect(await scene.watch.story('both-1')).toEqual(['entered Entry', 'parked Wait', 'converted Goal: leaves', 'done: converted']);
		expect(await scene.tagsOf('both-1', 'both-2')).toEqual([['thanks'], ['remind']]);
		expect(await scene.watch.rows("SELECT value FROM conversions JOIN steps ON steps.id = step_id WHERE name = 'Goal' AND value IS NOT NULL")).toEqual([{ value: 12.5 }]);
	});

	it('two loan applications of one person, told apart by correlation', async () => {
		await scene.on.publish({
			name: 'Loans', settings: quiet,
			nodes: [
				entry('applied', { reentry: 'once', options: { correlation: 'application.id' } }), eventState('Decision', [{ event: 'decided' }], [SECONDS, 'seconds']),
				mark('Ask', '=ask-{{ $json.journey.correlation }}'), mark('Tell', '=tell-{{ $json.journey.correlation }}'),
			],
			connections: wires('Entry > Decision', 'Decision:0 > Ask', 'Decision:1 > Tell'),
		});
		const about = (event: string, id: string) => ({ who: 'loan-1', event, properties: { application: { id } } });
		await scene.watch.happen(about('applied', 'A'), about('applied', 'B'), about('applied', 'A'));
		await scene.parked('loan-1/A', 'loan-1/B');
		await scene.watch.happen(about('decided', 'B'), { who: 'loan-1', event: 'decided' }, about('decided', 'C'));
		await scene.through('loan-1/A', 'loan-1/B');
		expect(await scene.watch.story('loan-1/A')).toEqual(['entered Entry', 'parked Decision', 'woken Decision: time', 'done: completed']);
		expect(await scene.watch.story('loan-1/B')).toEqual(['entered Entry', 'parked Decision', 'woken Decision: event → decided', 'done: completed']);
		expect(await scene.tagsOf('loan-1')).toEqual([['ask-A', 'tell-B']]);
		expect(await scene.watch.story('loan-1')).toEqual(['refused: already_inside']);
	});

	it('loops back to an earlier State: each turn once, each event for one turn', async () => {
		await scene.on.publish({
			name: 'Loop', settings: quiet,
			nodes: [
				entry('loop cart'), eventState('Reply', [{ event: 'reply' }], [1, 'seconds']), mark('Answer', '=answer-{{ $json.event.properties.n }}'),
				ifNumber('Again', '={{ $json.journey.visit }}', 'lt', 5), mark('End', '=end-{{ $json.journey.visit }}'),
			],
			connections: wires('Entry > Reply', 'Reply:0 > Again', 'Reply:1 > Answer', 'Answer > Again', 'Again:0 > Reply', 'Again:1 > End'),
		});
		const replies = [30, 20, 10].map((minutes, n) => ({ who: 'loop-1', event: 'reply', properties: { n }, at: ago(minutes) }));
		await scene.watch.happen({ who: 'loop-1', event: 'loop cart', at: ago(60) }, ...replies);
		await scene.through('loop-1');
		const turn = ['parked Reply', 'woken Reply: event → reply'];
		const timeout = ['parked Reply', 'woken Reply: time'];
		expect(await scene.watch.story('loop-1')).toEqual(['entered Entry', ...turn, ...turn, ...turn, ...timeout, ...timeout, 'done: completed']);
		expect(await scene.tagsOf('loop-1')).toEqual([['answer-0', 'answer-1', 'answer-2', 'end-5']]);
	});
}
