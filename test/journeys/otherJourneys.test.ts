import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const welcome = {
	name: 'Welcome',
	nodes: [
		journeyNode('Welcome', 'journeyEntryTrigger', {
			entry: 'start', filters: { conditions: [{ path: 'plan', operator: 'isNot', value: 'free' }] },
			values: { value: [{ name: 'plan', path: 'plan' }] }, options: { key: 'welcome' },
		}),
		delayState('A week', 7, 'days'),
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Welcome > A week', 'A week > End'),
};

const caller = (...actions: object[]) => ({
	name: 'Caller',
	nodes: [
		journeyNode('Signed up', 'journeyEntryTrigger', { event: 'Signed Up', options: { key: 'caller' } }),
		...actions.map((parameters, at) => journeyNode(`Action ${at + 1}`, 'journeyAction', parameters)),
		delayState('A day', 1, 'days'),
		journeyNode('Out', 'journeyAction', { operation: 'leaveJourney', journey: 'welcome', reason: 'bought' }),
	],
	connections: wires(...actions.map((_, at) => `${at === 0 ? 'Signed up' : `Action ${at}`} > Action ${at + 1}`), `${actions.length > 0 ? `Action ${actions.length}` : 'Signed up'} > A day`, 'A day > Out'),
});
const start = { operation: 'startJourney', journey: 'welcome', attributes: { attribute: [{ name: 'plan', value: '={{ $json.event.properties.plan }}' }] } };

journeys('from another journey', (open) => {
	it('people are started with data, and taken out again', async () => {
		const other = await open(welcome, { workflowId: 'other' });
		const run = await open(caller(start));
		const signs = (who: string, plan: string) => ({ who, event: 'Signed Up', properties: { plan } });
		await run.send(signs('customer-1', 'pro'), signs('customer-2', 'free'));
		await run.pass('0 seconds');
		await other.pass('0 seconds');
		expect(other.itemsOf('Welcome').map(({ json }) => [json.event, json.context])).toEqual([
			[expect.objectContaining({ name: 'journey:start:welcome', properties: { plan: 'pro' } }), { plan: 'pro' }],
		]);
		await run.pass('1 day');
		expect(await run.timeline('customer-1')).toEqual([
			'+0s entered Signed up',
			'+0s parked A day until +1d',
			'+0s entered Welcome',
			'+0s parked A week until +7d',
			'+1d woken A day: time',
			'+1d done: bought',
			'+1d done: completed',
		]);
		// What the Entry Trigger filters out never was a candidate, and who is not inside cannot be taken out.
		expect(await run.timeline('customer-2')).toEqual([
			'+0s entered Signed up', '+0s parked A day until +1d', '+1d woken A day: time', '+1d done: completed',
		]);
	});

	it('a batch that is run again starts nobody twice', async () => {
		const other = await open(welcome, { workflowId: 'other' });
		const run = await open(caller(start));
		run.killAfter('Action 1');
		await run.send({ who: 'customer-1', event: 'Signed Up', properties: { plan: 'pro' } });
		await run.pass('2 minutes');
		await other.pass('0 seconds');
		expect((await run.timeline()).filter((line) => /Welcome|refused/.test(line))).toEqual(['+2m customer-1 entered Welcome']);
	});

	it('who was about to enter is turned away by leaving', async () => {
		const other = await open(welcome, { workflowId: 'other' });
		const run = await open(caller(start, { operation: 'leaveJourney', journey: 'welcome', reason: 'changed_mind' }));
		await run.send({ who: 'customer-1', event: 'Signed Up', properties: { plan: 'pro' } });
		await run.pass('0 seconds');
		await other.pass('0 seconds');
		expect(await other.timeline()).toContain('+0s customer-1 dropped Welcome: changed_mind');
		expect(other.itemsOf('Welcome')).toEqual([]);
	});

	it('is an error where it cannot be', async () => {
		await open(welcome, { workflowId: 'other' });
		const cases: Array<[object, RegExp]> = [
			[{ ...start, journey: 'wellcome' }, /no journey has the key "wellcome": use one of: .*welcome/],
			[{ ...start, journey: 'caller' }, /"caller" lets nobody in that way: set Entry to From Another Journey or Workflow/],
			[{ ...start, journey: ' ' }, /Journey Key: is empty/],
			[{ operation: 'leaveJourney', journey: 'caller' }, /"caller" is this journey\. Choose the operation Leave the Journey/],
			[{ operation: 'leaveJourney', journey: 'wellcome' }, /no journey has the key "wellcome"/],
			[{ operation: 'recordEvent', event: 'journey:start:welcome' }, /Event must not begin with "journey:"/],
		];
		const run = await open(caller());
		for (const [at, [action, problem]] of cases.entries()) {
			await run.publish(caller(action));
			await run.send({ who: `customer-${at}`, event: 'Signed Up' });
			await run.pass('0 seconds');
			expect(run.takeProblems().at(-1)).toMatch(problem);
		}
		// They stay in front of it, and are tried again.
		await run.publish(caller());
		await run.pass('2 days');
		expect((await run.timeline()).filter((line) => /done/.test(line))).toHaveLength(cases.length);
		await run.unpublish();
	});
});
