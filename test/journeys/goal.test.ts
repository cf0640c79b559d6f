import { countJourneys, type Counts } from '../../lib/report/counts';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys } from '../support/journeys';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });
const goal = (parameters: object = {}) => journeyNode('Goal', 'journeyConversionGoal', { event: 'order', ...parameters });
const [end, thank] = [baseNode('End', 'noOp', 1), baseNode('Thank', 'noOp', 1)];
const canvas = (parameters: object = {}) => ({
	name: 'Goal', nodes: [entry, delayState('Wait', 1, 'days'), end, goal(parameters), thank],
	connections: wires('Entry > Wait', 'Wait > End', 'Goal:1 > Thank'),
});

journeys('a goal', (open) => {
	it('takes people out of the middle of a wait', async () => {
		const run = await open(canvas());
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'order' }, { who: 'customer-3', event: 'order' });
		await run.pass('2 days');
		expect(await run.timeline('customer-1')).toContain('+1d done: completed');
		expect(await run.timeline('customer-2')).toEqual([
			'+0s entered Entry', '+0s parked Wait until +1d', '+1h converted Goal: leaves', '+1h done: converted',
		]);
		expect([run.itemsOf('End').length, run.itemsOf('Thank').length]).toEqual([1, 1]);
	});

	it('counts an order that came between the cart and the admission', async () => {
		const run = await open(canvas());
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.send({ who: 'customer-1', event: 'order' });
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry', '+0s customer-1 converted Goal: leaves', '+0s customer-1 done: converted',
		]);
		expect([run.itemsOf('End').length, run.itemsOf('Thank').length]).toEqual([0, 1]);
	});

	it('counts an order that comes while people are under way, who then go no further', async () => {
		const run = await open(canvas());
		run.after('Entry', async () => await run.send({ who: 'customer-1', event: 'order' }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry', '+0s customer-1 converted Goal: leaves', '+0s customer-1 done: converted',
		]);
	});

	it.each([
		['more than fit into a batch', ['Goal:1 > Check']],
		['after a wait', ['Goal:1 > Later', 'Later:0 > Check']],
	])('thanks everybody who converts: %s', async (_, ways) => {
		const check = journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional', options: { limit: 1 } });
		const mail = baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: 'Thanks', text: 'Thanks' }, { onError: 'continueRegularOutput' });
		const later = ways.length > 1 ? [delayState('Later', 1, 'hours')] : [];
		const run = await open({
			name: 'Thanks', nodes: [entry, delayState('Wait', 1, 'days'), goal(), check, mail, end, ...later],
			connections: wires('Entry > Wait', 'Wait > End', ...ways, 'Check:0 > Mail', 'Check:1 > End', 'Mail > End'),
		}, { mailer: {} });
		const people = [1, 2, 3].map((n) => ({ who: `customer-${n}`, email: `customer-${n}@example.com` }));
		await run.send(...people.map((one) => ({ ...one, event: 'cart' })));
		await run.pass('1 hour');
		await run.send(...people.map(({ who }) => ({ who, event: 'order' })));
		await run.pass('2 days');
		expect(run.mails.map(({ to }) => to).sort()).toEqual(people.map(({ email }) => email));
	});

	it('wins over a State that waits for the same event', async () => {
		const run = await open({
			name: 'Both', nodes: [entry, eventState('Wait', [{ event: 'order' }], [1, 'days']), end, goal(), thank],
			connections: wires('Entry > Wait', 'Wait:1 > End', 'Goal:1 > Thank'),
		});
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'order' });
		await run.pass('2 days');
		expect((await run.timeline()).slice(-2)).toEqual(['+1h customer-1 converted Goal: leaves', '+1h customer-1 done: converted']);
		expect([run.itemsOf('End').length, run.itemsOf('Thank').length]).toEqual([0, 1]);
	});

	it('only counts, when it is told to let people stay; once', async () => {
		const run = await open(canvas({ exit: false }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'order' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'order' });
		await run.pass('2 days');
		expect(await run.timeline()).toEqual([
			'+0s customer-1 entered Entry', '+0s customer-1 parked Wait until +1d', '+1h customer-1 converted Goal: stays',
			'+1d customer-1 woken Wait: time', '+1d customer-1 done: completed',
		]);
	});

	it('counts within its window from entry, and not beyond', async () => {
		const run = await open(canvas({ options: { window: { period: { windowAmount: 2, windowUnit: 'hours' } } } }));
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		await run.pass('2 hours');
		await run.send({ who: 'customer-1', event: 'order' }, { who: 'customer-2', event: 'order', at: new Date(+run.now + 1) });
		await run.pass('2 days');
		expect((await run.timeline()).filter((line) => /done|converted/.test(line))).toEqual([
			'+2h customer-1 converted Goal: leaves', '+2h customer-1 done: converted', '+1d customer-2 done: completed',
		]);
	});

	it('counts for so long after they left, when the panel says so; inside it always counts', async () => {
		const run = await open(canvas({ exit: false, options: { window: { period: { windowAmount: 2, windowUnit: 'hours', windowFrom: 'exit' } } } }));
		await run.send(...[1, 2, 3].map((n) => ({ who: `customer-${n}`, event: 'cart' })));
		await run.pass('20 hours');
		await run.send({ who: 'customer-1', event: 'order' });
		await run.pass('6 hours');
		await run.send({ who: 'customer-2', event: 'order' }, { who: 'customer-3', event: 'order', at: new Date(+run.now + 1) });
		expect((await run.timeline()).filter((line) => line.includes('converted'))).toEqual(['+20h customer-1 converted Goal: stays', '+1d2h customer-2 converted Goal: after_end']);
	});

	it('is a new version when it is changed, and what was reached before stays with its own', async () => {
		const run = await open(canvas({ exit: false }));
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'order' });
		await run.publish(canvas({ exit: false }));
		await run.publish(canvas({ exit: false, event: 'payment' }));
		await run.send({ who: 'customer-2', event: 'order' });
		await run.send({ who: 'customer-2', event: 'payment' });
		const [counts] = await countJourneys(run.store, ['journey']);
		expect((counts as Counts).converted).toEqual([
			{ goal: 'Goal', version: 1, times: 1, people: 1, value: null, currency: null }, { goal: 'Goal', version: 2, times: 1, people: 1, value: null, currency: null },
		]);
	});

	it('may be an exit criterion, which is no success', async () => {
		const run = await open(canvas({ type: 'exit', event: 'uninstalled' }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-1', event: 'uninstalled' });
		await run.pass('2 days');
		expect((await run.timeline()).slice(-2)).toEqual(['+1h customer-1 exited Goal: leaves', '+1h customer-1 done: exit_criterion']);
		expect([run.itemsOf('End').length, run.itemsOf('Thank').length]).toEqual([0, 0]);
	});

	it('has whoever flows through it to Converted thanked, also behind another wait; nobody else who has converted', async () => {
		const check = (name: string) => journeyNode(name, 'journeyAction', { operation: 'check', class: 'transactional' });
		const mail = (name: string) => baseNode(name, 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: name, text: name }, { onError: 'continueRegularOutput' });
		const run = await open({
			name: 'Through and thanked',
			nodes: [
				entry, delayState('Wait', 1, 'days'), check('Before'), mail('Offer'), goal({ exit: false }), delayState('Later', 1, 'hours'), check('Behind'), mail('Thanks'), end,
			],
			connections: wires(
				'Entry > Wait', 'Wait > Before', 'Before:0 > Offer', 'Before:1 > Goal', 'Offer > Goal', 'Goal:0 > End', 'Goal:1 > Later', 'Later > Behind', 'Behind:0 > Thanks', 'Behind:1 > End', 'Thanks > End',
			),
		}, { mailer: {} });
		const people = [1, 2].map((n) => ({ who: `customer-${n}`, email: `customer-${n}@example.com` }));
		await run.send(...people.map((one) => ({ ...one, event: 'cart' })));
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'order' });
		await run.pass('2 days');
		expect(run.mails.map(({ to, subject }) => [subject, to])).toEqual([['Offer', 'customer-1@example.com'], ['Thanks', 'customer-2@example.com']]);
		expect((await run.timeline('customer-2')).filter((line) => /skipped|sent|done/.test(line))).toEqual([
			'+1d skipped Before: goal_reached', '+1d1h sent Behind: email', '+1d1h done: completed',
		]);
	});

	it('routes those who flow through it by whether they have converted', async () => {
		const run = await open({
			name: 'Through', nodes: [entry, delayState('Wait', 1, 'days'), goal({ exit: false }), end, thank],
			connections: wires('Entry > Wait', 'Wait > Goal', 'Goal:0 > End', 'Goal:1 > Thank'),
		});
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		await run.pass('1 hour');
		await run.send({ who: 'customer-2', event: 'order' });
		await run.pass('2 days');
		expect([run.itemsOf('End').length, run.itemsOf('Thank').length]).toEqual([1, 1]);
	});
});
