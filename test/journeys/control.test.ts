import { resumeJourney } from '../../lib/run/journeys';
import { notices } from '../../lib/run/notices';
import { listActs } from '../../lib/store/acts';
import { switchOff } from '../../lib/store/steps';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { intercepted } from '../support/intercept';
import { delayState, eventState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

const entry = (more: object = {}) => journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', options: { key: 'carts', ...more } });
const remind = baseNode('Remind', 'noOp', 1, {}, { onError: 'continueRegularOutput' });
const canvas = (more: object = {}) => ({
	name: 'Carts',
	nodes: [entry(more), eventState('Wait', [{ event: 'order', output: 'ordered' }], [1, 'hours']), delayState('Later', 1, 'days'), remind],
	connections: wires('Entry > Wait', 'Wait:0 > Later', 'Later > Remind'),
});
const ask_ = (operation: string, more: object = {}) => ({ resource: 'journey', operation, journey: { mode: 'key', value: 'carts' }, ...more });
const people = (event: string, ...who: string[]) => who.map((one) => ({ who: one, event }));

journeys('Journey Control', (open) => {
	it('pauses a journey: nobody enters or goes on, events are matched, and what fell due comes spread out by its own deadline', async () => {
		const run = await open(canvas());
		await run.send(...people('cart', 'customer-1', 'customer-2', 'customer-3'));
		await run.pass('30 minutes');
		expect(await run.control(ask_('pause'))).toEqual([expect.objectContaining({ key: 'carts', state: 'paused', because: 'an operator paused it', inside: 3 })]);
		await run.send({ who: 'customer-1', event: 'order' }, { who: 'customer-4', event: 'cart' });
		await run.pass('2 hours');
		// Their time was up in the pause: no event wins over that now.
		await run.send({ who: 'customer-2', event: 'order' });
		await run.pass('1 hour');
		expect((await run.timeline()).filter((line) => !/^\+0s/.test(line))).toEqual([]);
		expect(await run.control({ resource: 'journey', operation: 'list' })).toEqual([expect.objectContaining({
			key: 'carts', name: 'Carts', state: 'paused', inside: 3, overdue: 3, steps: [{ step: 'Wait', nodeId: 'id-Wait', waiting: 3, overdue: 3, running: 0 }],
		})]);

		expect(await run.control(ask_('resume', { spreadMinutes: 60 }))).toEqual([expect.objectContaining({ state: 'live', due: 4 })]);
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => line.startsWith('+3h30m'))).toEqual([]);
		await run.pass('1 hour');
		const after = (await run.timeline()).filter((line) => !/^\+0s/.test(line));
		expect(after.map((line) => line.replace(/^\S+ /, '').replace(/ until .*/, '')).sort()).toEqual([
			'customer-1 done: completed', 'customer-1 woken Wait: event → ordered', 'customer-2 parked Later', 'customer-2 woken Wait: time',
			'customer-3 parked Later', 'customer-3 woken Wait: time', 'customer-4 entered Entry', 'customer-4 parked Wait',
		]);
		expect(new Set(after.filter((line) => / woken /.test(line)).map((line) => line.split(' ')[0])).size).toBe(3);
		expect((await run.store.tx(async (db) => await listActs(db, 9))).map(({ what, journey, detail }) => ({ what, journey, detail }))).toEqual([
			{ what: 'resume', journey: 'carts', detail: { due: 4, spreadMinutes: 60 } }, { what: 'pause', journey: 'carts', detail: {} },
		]);
		await expect(run.control(ask_('resume'))).rejects.toThrow('Journey "carts" is not paused here. If its workflow is not published, publish it.');
		expect(run.takeProblems()).toEqual([]);
	});

	it('goes by the best until the deadline, though people go on later, and tells what comes behind as late', async () => {
		const best = eventState('Wait', [{ event: 'order', output: 'ordered' }, { event: 'view', output: 'viewed' }], [1, 'hours'], { decides: 'best' });
		const run = await open({ name: 'Carts', nodes: [entry(), best, remind], connections: wires('Entry > Wait', 'Wait:0 > Remind', 'Wait:1 > Remind', 'Wait:2 > Remind') });
		const deadline = new Date(+run.now + 60 * 60_000);
		await run.send(...people('cart', 'customer-1', 'customer-2'));
		await run.pass('30 minutes');
		await run.send(...people('view', 'customer-1'));
		await run.control(ask_('pause'));
		await run.pass('2 hours');
		await run.control(ask_('resume', { spreadMinutes: 60 }));
		await run.send(...people('order', 'customer-1', 'customer-2'), { who: 'customer-2', event: 'view', at: deadline });
		await run.pass('2 hours');
		expect((await run.timeline()).filter((line) => /woken|late/.test(line)).map((line) => line.replace(/^\S+ /, '')).sort()).toEqual([
			'customer-1 woken Wait: event → viewed', 'customer-2 late Wait → viewed', 'customer-2 woken Wait: event → viewed',
		]);
	});

	it('spreads also what falls due while it is spreading', async () => {
		const run = await open(canvas());
		await run.send(...people('cart', 'customer-1'));
		await run.pass('1 minute');
		await run.send(...people('cart', 'customer-2'));
		await run.pass('0 seconds');
		await run.control(ask_('pause'));
		await run.pass('59 minutes');
		// The clock goes on between what it reads and what it writes.
		const store = intercepted(run.store, () => async (sql, _params, pass) => {
			const rows = await pass();
			if (/FROM journeys j LEFT JOIN steps s ON s.id = j.entrance/.test(sql)) await run.skip('90 seconds');
			return rows;
		});
		expect(await resumeJourney(store, 'carts', 60 * 60_000, 'operator')).toBe(2);
		expect(await ask(run.store, 'SELECT wake, due_at > $1 AS later, left_at::text FROM instances ORDER BY id', [run.now])).toEqual([
			{ wake: 'time', later: true, left_at: '2026-03-02 11:00:00+00' }, { wake: 'time', later: true, left_at: '2026-03-02 11:01:00+00' },
		]);
		await run.pass('2 hours');
	});

	it('lets whoever is on the way run to the next State, and turns a batch back that was about to enter', async () => {
		const run = await open(canvas());
		await run.send(...people('cart', 'customer-1'));
		run.after('Entry', async () => await run.control(ask_('pause')));
		await run.pass('1 hour');
		expect(await run.timeline()).toEqual(['+0s customer-1 entered Entry', '+0s customer-1 parked Wait until +1h']);
		await run.control(ask_('resume', { spreadMinutes: 0 }));
		await run.pass('0 seconds');
		expect(await run.timeline()).toContain('+1h customer-1 woken Wait: time');
	});

	it('closes entries: nobody enters and the refusal says why, those inside go on; and opens them again', async () => {
		const run = await open(canvas());
		await run.send(...people('cart', 'customer-1'));
		await run.pass('30 minutes');
		expect(await run.control(ask_('close'))).toEqual([expect.objectContaining({ state: 'closed' })]);
		await run.send(...people('cart', 'customer-2'));
		await run.pass('30 minutes');
		expect(await run.timeline()).toEqual(['+0s customer-1 entered Entry', '+0s customer-1 parked Wait until +1h', '+30m customer-2 refused: entries_closed', '+1h customer-1 woken Wait: time', '+1h customer-1 parked Later until +1d1h']);
		await expect(run.control(ask_('close'))).rejects.toThrow('Journey "carts" lets nobody in already.');
		await run.control(ask_('open'));
		await run.send(...people('cart', 'customer-2'));
		await run.pass('0 seconds');
		expect(await run.timeline('customer-2')).toEqual(['+30m refused: entries_closed', '+1h entered Entry', '+1h parked Wait until +2h']);
	});

	it('evicts everybody, also those on their way, and archives when nobody is inside', async () => {
		const run = await open(canvas());
		await run.send(...people('cart', 'customer-1', 'customer-2'));
		await run.pass('30 minutes');
		await run.send(...people('cart', 'customer-3'));
		await expect(run.control(ask_('archive'))).rejects.toThrow('Journey "carts" has people inside. Close its entries and wait until they are through, or evict them; then archive it.');
		run.after('Entry', async () => await run.control(ask_('evict')));
		await run.pass('2 days');
		expect((await run.timeline()).filter((line) => !line.startsWith('+0s'))).toEqual([
			'+30m customer-1 done: evicted', '+30m customer-2 done: evicted', '+30m customer-3 entered Entry', '+30m customer-3 done: evicted',
		]);
		expect(await run.control(ask_('archive'))).toEqual([expect.objectContaining({ state: 'archived', inside: 0 })]);
		await run.send(...people('cart', 'customer-4'));
		await run.pass('0 seconds');
		expect(await run.timeline('customer-4')).toEqual(['+2d30m refused: entries_closed']);
		expect(await run.control(ask_('unarchive'))).toEqual([expect.objectContaining({ state: 'live' })]);
		await expect(run.control({ ...ask_('evict'), journey: { mode: 'key', value: 'cart' } })).rejects.toThrow('Journey: no journey has the key "cart": use one of: carts');
	});

	it('pauses all sending: whoever comes to a check waits there, and is checked anew afterwards', async () => {
		const check = journeyNode('May we?', 'journeyAction', { ifConsentUnknown: 'send' });
		const run = await open({ name: 'Mails', nodes: [entry(), check, remind], connections: wires('Entry > May we?', 'May we? > Remind') });
		await run.control({ resource: 'journey', operation: 'pauseSending' });
		await run.send(...['customer-1', 'customer-2'].map((who) => ({ who, event: 'cart', email: `${who}@example.com`, change: { attributes: { email: `${who}@example.com` } } })));
		await run.pass('1 day');
		expect(await run.timeline('customer-1')).toEqual(['+0s entered Entry', '+0s held May we?: sending_paused']);
		expect(await notices(run.store)).toEqual([expect.stringMatching(/^All sending is paused/)]);
		await run.send({ who: 'customer-2', change: { consent: { email: 'denied' } } });
		await run.control({ resource: 'journey', operation: 'resumeSending' });
		await run.pass('0 seconds');
		expect((await run.timeline()).filter((line) => line.startsWith('+1d'))).toEqual([
			'+1d customer-1 done: completed', '+1d customer-2 skipped May we?: consent_denied', '+1d customer-2 done: skipped_end',
		]);
		expect(run.itemsOf('Remind')).toHaveLength(1);
	});

	it('tells states apart, and says after a day that people wait in a workflow that is gone', async () => {
		const run = await open(canvas({ start: '2026-03-03' }));
		const state = async () => (await run.control({ resource: 'journey', operation: 'list' })).map(({ state, because }) => `${String(state)}: ${String(because)}`);
		const off = async () => await run.store.tx(async (db) => await switchOff(db, (await db.rows<{ id: number }>('SELECT id FROM steps')).map(({ id }) => id), db.now));
		expect(await state()).toEqual(['scheduled: it opens 2026-03-03T00:00:00.000Z']);
		await run.publish(canvas({ end: '2026-03-02T11:00:00Z' }));
		await run.pass('10 minutes');
		await run.unpublish();
		await off();
		expect(await state()).toEqual(['draft: its workflow is not published, and nobody has entered']);
		await run.publish(canvas({ end: '2026-03-02T11:00:00Z' }));
		await run.send(...people('cart', 'customer-1'));
		await run.pass('5 minutes');
		expect(await state()).toEqual(['live: people enter and go on']);
		await run.pass('1 hour');
		expect(await state()).toEqual(['ended: its end has come: nobody enters, those inside go on']);
		await run.unpublish();
		await off();
		await run.pass('23 hours');
		expect(await state()).toEqual(['paused: its workflow is not published, or was deleted']);
		expect(await notices(run.store)).toEqual([]);
		await run.pass('2 hours');
		expect(await notices(run.store)).toEqual([expect.stringMatching(/^People wait in journey "Carts" \(carts\), whose workflow has not been published since 2026-03-02T11:15:00\.000Z, or was deleted\. Publish it, or/)]);
		expect(await ask(run.store, 'SELECT status FROM instances')).toEqual([{ status: 'waiting' }]);
	});

	it('keeps the people of a workflow that was deleted, lets a copy with its key take them, and takes the others out', async () => {
		const deleted = async () => await run.store.tx(async (db) => await switchOff(db, (await db.rows<{ id: number }>("SELECT s.id FROM steps s JOIN workflows w ON w.id = s.workflow WHERE w.workflow_id = 'journey'")).map(({ id }) => id), db.now));
		const run = await open(canvas());
		await run.send(...people('cart', 'customer-1', 'customer-2'));
		await run.pass('30 minutes');
		await run.unpublish();
		await deleted();
		await run.pass('25 hours');
		const [notice] = await notices(run.store);
		expect(notice).toMatch(/^People wait in journey "Carts" \(carts\).*, or was deleted\. Publish it, or a copy with the same Journey Key and move them there with Journey → Move People; or take them out with Journey → Evict\.$/);
		const copy = await open(canvas(), { workflowId: 'copy' });
		expect(await copy.control({ ...ask_('move', { fromStep: 'Wait', toState: 'Later' }) })).toEqual([{ journey: 'carts', from: 'Wait', to: 'Later', moved: 2 }]);
		await copy.pass('1 hour');
		expect((await run.timeline()).filter((line) => /moved|parked Later/.test(line))).toEqual([
			'+1d1h30m customer-1 moved Later: operator', '+1d1h30m customer-1 parked Later until +2d1h30m', '+1d1h30m customer-2 moved Later: operator', '+1d1h30m customer-2 parked Later until +2d1h30m',
		]);
		expect(await copy.control(ask_('evict'))).toEqual([expect.objectContaining({ evicted: 2, inside: 0 })]);
		expect(await ask(run.store, 'SELECT reason FROM finished')).toEqual([{ reason: 'evicted' }, { reason: 'evicted' }]);
		await run.pass('0 seconds');
	});
});
