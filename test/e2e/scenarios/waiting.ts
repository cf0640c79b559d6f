import { journeyNode, wires } from '../../support/canvas';
import { delayState, eventState, only } from '../../support/journeys';
import { ago, entry, mark, quiet, SECONDS, type Scene } from './scene';

/** Events against time. */
export function waiting(scene: Scene): void {
	it('an event that arrives before the wait has begun, and an order between the cart and the admission', async () => {
		await scene.on.publish({
			name: 'Early', settings: quiet,
			nodes: [
				entry('early cart'), eventState('Wait', [{ event: 'early click', output: 'clicked' }], [SECONDS, 'seconds']), mark('Late'), mark('Clicked'),
				journeyNode('Goal', 'journeyConversionGoal', { event: 'early order' }), mark('Thanks'),
			],
			connections: wires('Entry > Wait', 'Wait:0 > Late', 'Wait:1 > Clicked', 'Goal:1 > Thanks'),
		});
		// One transaction each: there is a candidate for the cart, whom nobody can have admitted when the next event is there.
		await scene.watch.happen({ who: 'early-1', event: 'early cart', at: ago(2) }, { who: 'early-1', event: 'early click', at: ago(1) });
		await scene.watch.happen({ who: 'early-2', event: 'early cart', at: ago(2) }, { who: 'early-2', event: 'early order', at: ago(1) });
		await scene.watch.happen({ who: 'early-3', event: 'early click', at: ago(2) }, { who: 'early-3', event: 'early order', at: ago(2) }, { who: 'early-3', event: 'early cart', at: ago(1) });
		await scene.through('early-1', 'early-2', 'early-3');
		expect(await scene.watch.story('early-1')).toEqual(['entered Entry', 'parked Wait', 'woken Wait: event → clicked', 'done: completed']);
		expect(await scene.watch.story('early-2')).toEqual(['entered Entry', 'converted Goal: leaves', 'done: converted']);
		// What was before the cart does not count.
		expect(await scene.watch.story('early-3')).toEqual(['entered Entry', 'parked Wait', 'woken Wait: time', 'done: completed']);
		expect(await scene.tagsOf('early-1', 'early-2', 'early-3')).toEqual([['clicked'], ['thanks'], ['late']]);
	});

	it('the first of three events, by own time', async () => {
		await scene.on.publish({
			name: 'First', settings: quiet,
			nodes: [
				entry('first cart'),
				eventState('Wait', [{ event: 'first order', output: 'ordered' }, { event: 'complaint' }, { event: 'visit', output: 'big visit', ...only('pages', 'greater', 10) }], [SECONDS, 'seconds']),
				mark('Remind'), mark('Thank'), mark('Help'), mark('Invite', '=invite-{{ $json.event.properties.pages }}'),
			],
			connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank', 'Wait:2 > Help', 'Wait:3 > Invite'),
		});
		const people = [1, 2, 3, 4].map((n) => `first-${n}`);
		await scene.watch.happen(...people.map((who) => ({ who, event: 'first cart', at: ago(60) })));
		await scene.parked(...people);
		await scene.watch.happen(
			{ who: 'first-1', event: 'first order', at: ago(5) }, { who: 'first-1', event: 'complaint', at: ago(6) },
			{ who: 'first-2', event: 'visit', properties: { pages: 3 }, at: ago(9) }, { who: 'first-2', event: 'visit', properties: { pages: 11 }, at: ago(8) },
			{ who: 'first-3', event: 'first order', at: ago(7) }, { who: 'first-4', event: 'visit', properties: { pages: 10 }, at: ago(7) },
		);
		await scene.through(...people);
		expect(await Promise.all(people.map(async (who) => (await scene.watch.story(who))[2]))).toEqual([
			'woken Wait: event → complaint', 'woken Wait: event → big visit', 'woken Wait: event → ordered', 'woken Wait: time',
		]);
		expect(await scene.tagsOf(...people)).toEqual([['help'], ['invite-11'], ['thank'], ['remind']]);
	});

	it('a delay that a repeated event starts again', async () => {
		await scene.on.publish({
			name: 'Reset', settings: quiet,
			nodes: [entry('reset cart'), delayState('Quiet', SECONDS, 'seconds', { resets: { branch: [{ event: 'reset cart' }] } }), mark('Remind', '=remind-{{ $json.event.properties.n }}')],
			connections: wires('Entry > Quiet', 'Quiet > Remind'),
		});
		await scene.watch.happen(...[1, 2].map((n) => ({ who: `reset-${n}`, event: 'reset cart', properties: { n: 1 } })));
		await scene.parked('reset-1', 'reset-2');
		const repeated = new Date();
		expect(+(await scene.dueOf('reset-1')) - +repeated).toBeLessThan(SECONDS * 1_000);
		await scene.watch.happen({ who: 'reset-1', event: 'reset cart', properties: { n: 2 }, at: repeated });
		expect(await scene.dueOf('reset-1')).toEqual(new Date(+repeated + SECONDS * 1_000));
		await scene.through('reset-1', 'reset-2');
		expect(await scene.watch.story('reset-1')).toEqual(['entered Entry', 'parked Quiet', 'reset Quiet', 'refused: already_inside', 'woken Quiet: time', 'done: completed']);
		expect(await scene.watch.story('reset-2')).toEqual(['entered Entry', 'parked Quiet', 'woken Quiet: time', 'done: completed']);
		const [woken] = await scene.watch.rows<{ at: Date }>(
			"SELECT at FROM journal JOIN identities USING (profile_id) WHERE journal.kind = 'woken' AND value = 'reset-1'");
		expect(+woken!.at).toBeGreaterThanOrEqual(+repeated + SECONDS * 1_000);
		expect(await scene.tagsOf('reset-1', 'reset-2')).toEqual([['remind-2'], ['remind-1']]);
	});

	it('a timeout against an event of the same instant, of the next millisecond, and of too late', async () => {
		await scene.on.publish({
			name: 'Tie', settings: quiet,
			nodes: [entry('tie cart'), eventState('Wait', [{ event: 'tie order', output: 'ordered' }], [SECONDS, 'seconds']), mark('Remind'), mark('Thank')],
			connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank'),
		});
		const people = ['tie-1', 'tie-2', 'tie-3'];
		await scene.watch.happen(...people.map((who) => ({ who, event: 'tie cart' })));
		await scene.parked(...people);
		const [deadline, next, past] = [await scene.dueOf('tie-1'), await scene.dueOf('tie-2'), await scene.dueOf('tie-3')];
		await scene.watch.happen({ who: 'tie-1', event: 'tie order', at: deadline }, { who: 'tie-2', event: 'tie order', at: new Date(+next + 1) });
		await scene.watch.until('time is up', async () => (await scene.watch.story('tie-3')).includes('woken Wait: time'));
		await scene.watch.happen({ who: 'tie-3', event: 'tie order', at: past });
		await scene.through(...people);
		// Whether somebody is done before or after their late event came is a matter of moments.
		expect(await Promise.all(people.map(async (who) => (await scene.watch.story(who)).slice(2).sort()))).toEqual([
			['done: completed', 'woken Wait: event → ordered'], ['done: completed', 'woken Wait: time'], ['done: completed', 'late Wait → ordered', 'woken Wait: time'],
		]);
		expect(await scene.tagsOf(...people)).toEqual([['thank'], ['remind'], ['remind']]);
	});
}
