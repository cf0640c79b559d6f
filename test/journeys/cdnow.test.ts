import { baseNode, journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { delayState, eventState } from '../support/journeys';
import { freshStore, FrozenClock, STORES, type TestStore } from '../support/stores';
import { LOCK_DAYS, purchases, QUIET_DAYS, WATCH_DAYS, winBackBooks, type Books } from '../support/winBack';
import { ask } from '../support/world';

// Five minutes a store on a busy machine.
jest.setTimeout(1_500_000);

const bought = { event: 'Purchase', output: 'Bought' };
const winBack = {
	name: 'Win back',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'Purchase', reentry: 'lock', lockAmount: LOCK_DAYS, lockUnit: 'days', options: { zone: 'UTC' } }),
		delayState('Quiet', QUIET_DAYS, 'days', { resets: { branch: [{ event: 'Purchase' }] } }),
		journeyNode('Check', 'journeyAction', { operation: 'check', ifConsentUnknown: 'send', options: { limit: 5_000 } }),
		baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: 'We miss you', text: 'Come back' }, { onError: 'continueRegularOutput' }),
		eventState('Watch', [bought], [WATCH_DAYS, 'days']),
		journeyNode('Record', 'journeyAction', { operation: 'recordEvent', event: 'Won Back', attributes: { attribute: [{ name: 'value', value: '={{ $json.event.properties.value }}' }] } }),
		journeyNode('Goal', 'journeyConversionGoal', { event: 'Won Back', options: { value: 'value' } }),
	],
	connections: wires('Entry > Quiet', 'Quiet > Check', 'Check > Mail', 'Mail > Watch', 'Watch:1 > Record'),
};

const BOOKS = `
	SELECT (SELECT sum(entries)::int FROM enrolments) AS entries, (SELECT count(*)::int FROM deliveries WHERE status = 'sent') AS messages,
		(SELECT count(*)::int FROM conversions) AS conversions, (SELECT round(sum(value) * 100)::int FROM conversions) AS cents,
		(SELECT sum(times)::int FROM refusals WHERE reason = 'already_inside') AS "alreadyInside",
		(SELECT sum(times)::int FROM refusals WHERE reason = 'lock') AS locked`;

describe.each(STORES)('18 months of a shop’s 69,659 real purchases, played through a win-back journey (%s)', (kind) => {
	let test: TestStore | undefined;
	let run: CanvasRunner | undefined;
	afterAll(async () => {
		await run?.close();
		await test?.drop();
	});

	it('come to the entries, messages, conversions and refusals of an independent count', async () => {
		const byDay = purchases();
		if (!byDay) return;
		const days = [...byDay.keys()];
		test = await freshStore(kind, new FrozenClock(new Date(days[0]! * 86_400_000 + 43_200_000)));
		run = await CanvasRunner.open(kind, winBack, { on: test, mailer: {} });
		const began = Date.now();
		for (let day = days[0]!; day <= days.at(-1)! + QUIET_DAYS + WATCH_DAYS; day++) {
			await run.send(...(byDay.get(day) ?? []).map(({ customer, cents }) => ({
				who: customer, email: `${customer}@example.com`, event: 'Purchase', properties: { value: cents / 100 },
			})));
			await run.pass('1 day');
		}
		const [found] = await ask<Books>(test.store, BOOKS);
		expect(found).toEqual(winBackBooks(byDay));
		expect(await ask(test.store, 'SELECT count(*)::int AS inside FROM instances')).toEqual([{ inside: 0 }]);
		expect(run.mails).toHaveLength(found!.messages);
		process.stdout.write(`${kind}: ${JSON.stringify(found)} in ${Math.round((Date.now() - began) / 1000)} s, ${run.executions} executions, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB\n`);
	});
});
