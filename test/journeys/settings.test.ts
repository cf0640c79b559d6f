import { keepInForce } from '../../lib/run/settings';
import { listActs } from '../../lib/store/acts';
import { dropOlder } from '../../lib/store/retention';
import { readSettings } from '../../lib/store/settings';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { journeys } from '../support/journeys';

jest.setTimeout(60_000);

const change = (changes: object) => ({ resource: 'settings', operation: 'change', changes });
const nextMorning = journeyNode('Morning', 'journeyState', { waitFor: 'time', until: 'weekday', weekdays: [1, 2, 3, 4, 5, 6, 7], weekdayTime: '09:00' });
const check = (parameters: object = {}) => journeyNode('May we?', 'journeyAction', parameters);
const mail = baseNode('Mail', 'noOp', 1, {}, { onError: 'continueRegularOutput' });
const canvas = (options: object = {}, checking: object = {}) => ({
	name: 'Mornings',
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', options }), nextMorning, check(checking), mail],
	connections: wires('Entry > Morning', 'Morning > May we?', 'May we? > Mail'),
});
const email = { email: 'customer-1@example.com', change: { attributes: { email: 'customer-1@example.com' } } };

journeys('settings', (open) => {
	it('are the defaults until somebody changes them, and who did is kept', async () => {
		const run = await open(canvas());
		expect(await run.control({ resource: 'settings', operation: 'get' })).toEqual([{
			settings: { zone: null, unknownConsent: 'skip', keepEventsMonths: null, keepHistoryMonths: null, publicUrl: null, globalHoldoutPercent: 0, sendingPaused: false }, changed: {},
		}]);
		const [after] = await run.control(change({ publicUrl: 'https://n8n.example.com/', globalHoldoutPercent: 2.5, unknownConsent: 'skip', keepHistoryMonths: 0 }));
		const by = expect.stringMatching(/^workflow "Operations" \(operations\), execution \d+$/);
		expect(after).toEqual({
			settings: { zone: null, unknownConsent: 'skip', keepEventsMonths: null, keepHistoryMonths: null, publicUrl: 'https://n8n.example.com', globalHoldoutPercent: 2.5, sendingPaused: false },
			changed: { publicUrl: { at: '2026-03-02T10:00:00.000Z', by }, globalHoldoutPercent: { at: '2026-03-02T10:00:00.000Z', by } },
		});
		await run.control(change({ globalHoldoutPercent: 2.5 }));
		expect(await run.store.tx(async (db) => await listActs(db, 10))).toEqual([{
			at: run.now, what: 'settings', who: by, journey: null,
			detail: { from: { publicUrl: null, globalHoldoutPercent: 0 }, to: { publicUrl: 'https://n8n.example.com', globalHoldoutPercent: 2.5 } },
		}]);
		expect(await run.store.tx(async (db) => [await dropOlder(db, 'acts', run.now), await dropOlder(db, 'acts', new Date(+run.now + 1))])).toEqual([0, 1]);
	});

	it('that are emptied again are the defaults, and who emptied them is kept', async () => {
		const run = await open(canvas());
		await run.control(change({ publicUrl: 'https://n8n.example.com', keepEventsMonths: 13, keepHistoryMonths: 36 }));
		const [after] = await run.control(change({ publicUrl: '', keepEventsMonths: 0, keepHistoryMonths: 12 }));
		expect(after).toMatchObject({ settings: { publicUrl: null, keepEventsMonths: null, keepHistoryMonths: 12 }, changed: { keepHistoryMonths: {} } });
		expect(await run.store.tx(async (db) => await db.rows('SELECT name FROM settings'))).toEqual([{ name: 'keepHistoryMonths' }]);
		expect((await run.store.tx(async (db) => await listActs(db, 1)))[0]).toMatchObject({
			detail: { from: { publicUrl: 'https://n8n.example.com', keepEventsMonths: 13 }, to: { publicUrl: null, keepEventsMonths: null } },
		});
	});

	it.each([
		[{ zone: '+03:00' }, 'Default Time Zone: "+03:00" is not a time zone'],
		[{ unknownConsent: 'ask' }, 'If Consent Is Not Known: found "ask". Choose skip or send.'],
		[{ keepEventsMonths: 1.5 }, 'Keep Events (Months): found 1.5. Enter a whole number from 1 to 1200, or nothing'],
		[{ publicUrl: 'n8n.example.com' }, 'Public URL: found "n8n.example.com". Enter the address'],
		[{ globalHoldoutPercent: 101 }, 'Global Holdout (%): found 101. Enter a number from 0 to 100.'],
		[{}, 'Settings: none was added'],
	])('refuse %p, and change nothing', async (changes, words) => {
		const run = await open(canvas());
		await expect(run.control(change({ ...changes, ...(Object.keys(changes).length > 0 && { keepHistoryMonths: 3 }) }))).rejects.toThrow(words);
		expect(await run.store.tx(readSettings)).toMatchObject({ keepHistoryMonths: null });
	});

	it('name the zone of journeys that name none, at once', async () => {
		const run = await open(canvas());
		await run.control(change({ zone: 'America/New_York' }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('0 seconds');
		// 09:00 there is 14:00 UTC.
		expect(await run.timeline()).toContain('+0s customer-1 parked Morning until +4h');
		await run.publish(canvas({ start: '2026-01-01' }));
		await run.send({ who: 'customer-2', event: 'cart' });
		await run.pass('0 seconds');
		expect(await run.timeline('customer-2')).toContain('+0s parked Morning until +4h');
		await run.control(change({ zone: '' }));
		await run.send({ who: 'customer-3', event: 'cart' });
		await run.pass('0 seconds');
		expect(await run.timeline('customer-3')).toContain('+0s parked Morning until +23h');
	});

	it('stand behind the zone that a journey names', async () => {
		const run = await open(canvas({ zone: 'Asia/Kathmandu' }));
		await run.control(change({ zone: 'America/New_York' }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('0 seconds');
		expect(await run.timeline()).toContain('+0s customer-1 parked Morning until +17h15m');
	});

	it('say what becomes of customers whose consent is not known, where the step does not', async () => {
		const run = await open(canvas());
		const skips = async () => await run.send({ who: 'customer-1', event: 'cart', ...email });
		await skips();
		await run.pass('1 day');
		expect(await run.timeline()).toContain('+23h customer-1 skipped May we?: consent_unknown');
		await run.control(change({ unknownConsent: 'send' }));
		await skips();
		await run.pass('1 day');
		expect(run.itemsOf('Mail')).toHaveLength(1);
		await run.publish(canvas({}, { ifConsentUnknown: 'skip' }));
		await run.pass('1 day');
		await skips();
		await run.pass('1 day');
		expect(run.itemsOf('Mail')).toHaveLength(1);
	});

	it('go before the environment in what is kept, and are refused where a published journey asks for more', async () => {
		const asksFor = { conditions: { behaviour: [{ did: true, event: 'Order', times: 1, period: 'within', withinAmount: 120, withinUnit: 'days' }] } };
		const buyers = journeyNode('Buyers', 'journeyAudienceFilter', { match: 'all', ...asksFor });
		const run = await open({ name: 'Buyers', nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' }), buyers, mail], connections: wires('Entry > Buyers', 'Buyers > Mail') });
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('0 seconds');
		await expect(run.control(change({ keepEventsMonths: 3 }))).rejects.toThrow(
			/^Keep Events \(Months\): 3 is too short: in journey "journey" Journey Audience Filter 'Buyers' asks for Order within 120 days\. Keep events for longer/);
		await run.control(change({ keepEventsMonths: 5 }));
		expect(await keepInForce(run.store, { events: 13, history: 36 })).toEqual({ events: 5, history: 36 });
	});
});
