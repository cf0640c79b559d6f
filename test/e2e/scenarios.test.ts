import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { ifNumber, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, only } from '../support/journeys';

jest.setTimeout(240_000);

/** n8n keeps the time here, so waits are as short as they can be told apart. */
const SECONDS = 3;
const quiet = { saveDataSuccessExecution: 'none' };
const entry = (event: string, more: object = {}) => journeyNode('Entry', 'journeyEntryTrigger', { event, ...more });
/** Leaves a mark on the customer: which output, and by which event. */
const mark = (name: string, tags = name.toLowerCase()) => journeyNode(name, 'journeyAction', { operation: 'addTags', tags });
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe.each(ARRANGEMENTS)('what customers go through in a started n8n (%s)', (kind) => {
	let on: Arrangement;
	beforeAll(async () => {
		on = await Arrangement.start(kind);
	});
	afterAll(async () => await on?.stop());

	const parked = async (...people: string[]) => await on.watch.until(`${people.join()} wait`, async () =>
		(await Promise.all(people.map(async (who) => (await on.watch.story(who)).some((line) => line.startsWith('parked'))))).every(Boolean));
	const through = async (...people: string[]) => await on.watch.until(`${people.join()} are through`, async () =>
		(await Promise.all(people.map(async (who) => (await on.watch.story(who)).some((line) => line.startsWith('done'))))).every(Boolean));
	const dueOf = async (who: string) => (await on.watch.rows<{ due_at: Date }>(
		"SELECT due_at FROM instances JOIN identities USING (profile_id) WHERE kind = 'user_id' AND value = $1", [who]))[0]!.due_at;

	it('an event that arrives before the wait has begun, and an order between the cart and the admission', async () => {
		await on.publish({
			name: 'Early', settings: quiet,
			nodes: [
				entry('early cart'), eventState('Wait', [{ event: 'early click', output: 'clicked' }], [SECONDS, 'seconds']), mark('Late'), mark('Clicked'),
				journeyNode('Goal', 'journeyConversionGoal', { event: 'early order' }), mark('Thanks'),
			],
			connections: wires('Entry > Wait', 'Wait:0 > Late', 'Wait:1 > Clicked', 'Goal:1 > Thanks'),
		});
		// One transaction each: there is a candidate for the cart, whom nobody can have admitted when the next event is there.
		await on.watch.happen({ who: 'early-1', event: 'early cart', at: ago(2) }, { who: 'early-1', event: 'early click', at: ago(1) });
		await on.watch.happen({ who: 'early-2', event: 'early cart', at: ago(2) }, { who: 'early-2', event: 'early order', at: ago(1) });
		await on.watch.happen({ who: 'early-3', event: 'early click', at: ago(2) }, { who: 'early-3', event: 'early order', at: ago(2) }, { who: 'early-3', event: 'early cart', at: ago(1) });
		await through('early-1', 'early-2', 'early-3');
		expect(await on.watch.story('early-1')).toEqual(['entered Entry', 'parked Wait', 'woken Wait: event → clicked', 'done: completed']);
		expect(await on.watch.story('early-2')).toEqual(['entered Entry', 'converted Goal: leaves', 'done: converted']);
		// What was before the cart does not count.
		expect(await on.watch.story('early-3')).toEqual(['entered Entry', 'parked Wait', 'woken Wait: time', 'done: completed']);
		expect(await Promise.all(['early-1', 'early-2', 'early-3'].map(async (who) => await on.watch.tagsOf(who)))).toEqual([['clicked'], ['thanks'], ['late']]);
	});

	it('the first of three events, by own time', async () => {
		await on.publish({
			name: 'First', settings: quiet,
			nodes: [
				entry('first cart'),
				eventState('Wait', [{ event: 'first order', output: 'ordered' }, { event: 'complaint' }, { event: 'visit', output: 'big visit', ...only('pages', 'greater', 10) }], [SECONDS, 'seconds']),
				mark('Remind'), mark('Thank'), mark('Help'), mark('Invite', '=invite-{{ $json.event.properties.pages }}'),
			],
			connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank', 'Wait:2 > Help', 'Wait:3 > Invite'),
		});
		const people = [1, 2, 3, 4].map((n) => `first-${n}`);
		await on.watch.happen(...people.map((who) => ({ who, event: 'first cart', at: ago(60) })));
		await parked(...people);
		await on.watch.happen(
			{ who: 'first-1', event: 'first order', at: ago(5) }, { who: 'first-1', event: 'complaint', at: ago(6) },
			{ who: 'first-2', event: 'visit', properties: { pages: 3 }, at: ago(9) }, { who: 'first-2', event: 'visit', properties: { pages: 11 }, at: ago(8) },
			{ who: 'first-3', event: 'first order', at: ago(7) }, { who: 'first-4', event: 'visit', properties: { pages: 10 }, at: ago(7) },
		);
		await through(...people);
		expect(await Promise.all(people.map(async (who) => (await on.watch.story(who))[2]))).toEqual([
			'woken Wait: event → complaint', 'woken Wait: event → big visit', 'woken Wait: event → ordered', 'woken Wait: time',
		]);
		expect(await Promise.all(people.map(async (who) => await on.watch.tagsOf(who)))).toEqual([['help'], ['invite-11'], ['thank'], ['remind']]);
	});

	it('a delay that a repeated event starts again', async () => {
		await on.publish({
			name: 'Reset', settings: quiet,
			nodes: [entry('reset cart'), delayState('Quiet', SECONDS, 'seconds', { resets: { branch: [{ event: 'reset cart' }] } }), mark('Remind', '=remind-{{ $json.event.properties.n }}')],
			connections: wires('Entry > Quiet', 'Quiet > Remind'),
		});
		await on.watch.happen(...[1, 2].map((n) => ({ who: `reset-${n}`, event: 'reset cart', properties: { n: 1 } })));
		await parked('reset-1', 'reset-2');
		const repeated = new Date();
		expect(+(await dueOf('reset-1')) - +repeated).toBeLessThan(SECONDS * 1_000);
		await on.watch.happen({ who: 'reset-1', event: 'reset cart', properties: { n: 2 }, at: repeated });
		expect(await dueOf('reset-1')).toEqual(new Date(+repeated + SECONDS * 1_000));
		await through('reset-1', 'reset-2');
		expect(await on.watch.story('reset-1')).toEqual(['entered Entry', 'parked Quiet', 'reset Quiet', 'refused: already_inside', 'woken Quiet: time', 'done: completed']);
		expect(await on.watch.story('reset-2')).toEqual(['entered Entry', 'parked Quiet', 'woken Quiet: time', 'done: completed']);
		const [woken] = await on.watch.rows<{ at: Date }>(
			"SELECT at FROM journal JOIN identities USING (profile_id) WHERE journal.kind = 'woken' AND value = 'reset-1'");
		expect(+woken!.at).toBeGreaterThanOrEqual(+repeated + SECONDS * 1_000);
		expect([await on.watch.tagsOf('reset-1'), await on.watch.tagsOf('reset-2')]).toEqual([['remind-2'], ['remind-1']]);
	});

	it('a timeout against an event of the same instant, of the next millisecond, and of too late', async () => {
		await on.publish({
			name: 'Tie', settings: quiet,
			nodes: [entry('tie cart'), eventState('Wait', [{ event: 'tie order', output: 'ordered' }], [SECONDS, 'seconds']), mark('Remind'), mark('Thank')],
			connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Thank'),
		});
		const people = ['tie-1', 'tie-2', 'tie-3'];
		await on.watch.happen(...people.map((who) => ({ who, event: 'tie cart' })));
		await parked(...people);
		const [deadline, next, past] = [await dueOf('tie-1'), await dueOf('tie-2'), await dueOf('tie-3')];
		await on.watch.happen({ who: 'tie-1', event: 'tie order', at: deadline }, { who: 'tie-2', event: 'tie order', at: new Date(+next + 1) });
		await on.watch.until('time is up', async () => (await on.watch.story('tie-3')).includes('woken Wait: time'));
		await on.watch.happen({ who: 'tie-3', event: 'tie order', at: past });
		await through(...people);
		expect(await Promise.all(people.map(async (who) => (await on.watch.story(who)).slice(2)))).toEqual([
			['woken Wait: event → ordered', 'done: completed'], ['woken Wait: time', 'done: completed'], ['woken Wait: time', 'done: completed'],
		]);
		expect(await Promise.all(people.map(async (who) => await on.watch.tagsOf(who)))).toEqual([['thank'], ['remind'], ['remind']]);
	});

	it('a Goal and a State that hear the same event: the Goal wins, and nobody goes two ways', async () => {
		await on.publish({
			name: 'Both', settings: quiet,
			nodes: [
				entry('both cart'), eventState('Wait', [{ event: 'both order' }], [SECONDS, 'seconds']), mark('Remind'), mark('Woken'),
				journeyNode('Goal', 'journeyConversionGoal', { event: 'both order', options: { value: 'revenue' } }), mark('Thanks'),
			],
			connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Woken', 'Goal:1 > Thanks'),
		});
		await on.watch.happen({ who: 'both-1', event: 'both cart' }, { who: 'both-2', event: 'both cart' });
		await parked('both-1', 'both-2');
		await on.watch.happen({ who: 'both-1', event: 'both order', properties: { revenue: 12.5 } });
		await through('both-1', 'both-2');
		expect(await on.watch.story('both-1')).toEqual(['entered Entry', 'parked Wait', 'converted Goal: leaves', 'done: converted']);
		expect([await on.watch.tagsOf('both-1'), await on.watch.tagsOf('both-2')]).toEqual([['thanks'], ['remind']]);
		expect(await on.watch.rows("SELECT value FROM conversions JOIN steps ON steps.id = step_id WHERE name = 'Goal' AND value IS NOT NULL")).toEqual([{ value: 12.5 }]);
	});

	it('two loan applications of one person, told apart by correlation', async () => {
		await on.publish({
			name: 'Loans', settings: quiet,
			nodes: [
				entry('applied', { reentry: 'once', options: { correlation: 'application.id' } }), eventState('Decision', [{ event: 'decided' }], [SECONDS, 'seconds']),
				mark('Ask', '=ask-{{ $json.journey.correlation }}'), mark('Tell', '=tell-{{ $json.journey.correlation }}'),
			],
			connections: wires('Entry > Decision', 'Decision:0 > Ask', 'Decision:1 > Tell'),
		});
		const about = (event: string, id: string) => ({ who: 'loan-1', event, properties: { application: { id } } });
		await on.watch.happen(about('applied', 'A'), about('applied', 'B'), about('applied', 'A'));
		await parked('loan-1/A', 'loan-1/B');
		await on.watch.happen(about('decided', 'B'), { who: 'loan-1', event: 'decided' }, about('decided', 'C'));
		await through('loan-1/A', 'loan-1/B');
		expect(await on.watch.story('loan-1/A')).toEqual(['entered Entry', 'parked Decision', 'woken Decision: time', 'done: completed']);
		expect(await on.watch.story('loan-1/B')).toEqual(['entered Entry', 'parked Decision', 'woken Decision: event → decided', 'done: completed']);
		expect((await on.watch.tagsOf('loan-1')).sort()).toEqual(['ask-A', 'tell-B']);
		expect(await on.watch.story('loan-1')).toEqual(['refused: already_inside']);
	});

	it('loops back to an earlier State: each turn once, each event for one turn', async () => {
		await on.publish({
			name: 'Loop', settings: quiet,
			nodes: [
				entry('loop cart'), eventState('Reply', [{ event: 'reply' }], [1, 'seconds']), mark('Answer', '=answer-{{ $json.event.properties.n }}'),
				ifNumber('Again', '={{ $json.journey.visit }}', 'lt', 5), mark('End', '=end-{{ $json.journey.visit }}'),
			],
			connections: wires('Entry > Reply', 'Reply:0 > Again', 'Reply:1 > Answer', 'Answer > Again', 'Again:0 > Reply', 'Again:1 > End'),
		});
		const replies = [30, 20, 10].map((minutes, n) => ({ who: 'loop-1', event: 'reply', properties: { n }, at: ago(minutes) }));
		await on.watch.happen({ who: 'loop-1', event: 'loop cart', at: ago(60) }, ...replies);
		await through('loop-1');
		const turn = ['parked Reply', 'woken Reply: event → reply'];
		const timeout = ['parked Reply', 'woken Reply: time'];
		expect(await on.watch.story('loop-1')).toEqual(['entered Entry', ...turn, ...turn, ...turn, ...timeout, ...timeout, 'done: completed']);
		expect((await on.watch.tagsOf('loop-1')).sort()).toEqual(['answer-0', 'answer-1', 'answer-2', 'end-5']);
	});
});
