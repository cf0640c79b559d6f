import { stateSubtitle } from '../../nodes/JourneyState/subtitle';
import { sentenceOf } from '../../nodes/JourneyState/words';

const node = { getNode: () => ({ name: 'Wait' }) as never };
const now = new Date('2026-03-02T10:00:30Z');
const on = (...events: string[]) => ({ branch: events.map((event) => ({ event })) });

/** Panel, what the canvas says, what the panel says. */
const PANELS: Array<[Record<string, unknown>, string, string]> = [
	[{}, 'wait 1 day', 'Waits 1 day. Someone who arrives now goes on Tue 3 Mar 2026, 10:00 (UTC).'],
	[{ delayAmount: 2, delayTime: '14:00' }, 'wait 2 days, then until 14:00', 'Waits 2 days, then until 14:00. Someone who arrives now goes on Wed 4 Mar 2026, 14:00 (UTC).'],
	// A time of day that was left behind when the unit became smaller.
	[{ delayAmount: 20, delayUnit: 'seconds', delayTime: '14:00' }, 'wait 20 seconds', 'Waits 20 seconds. Someone who arrives now goes on Mon 2 Mar 2026, 10:00:50 (UTC).'],
	[{ delayUnit: 'hours', resets: on('Cart Updated', 'Page Viewed') }, 'wait 1 hour after the last Cart Updated or Page Viewed',
		'Waits 1 hour, again from the start with each Cart Updated or Page Viewed. Someone who arrives now goes on Mon 2 Mar 2026, 11:00 (UTC).'],
	[{ delayAmount: '={{ $json.days }}' }, 'wait … days', 'Waits as long as the expressions say for each customer.'],
	[{ until: 'date', date: '2026-12-24' }, 'until a date', 'Waits until the date. Someone who arrives now goes on Thu 24 Dec 2026, 00:00 (UTC).'],
	[{ until: 'date', date: '={{ $json.date }}', offsetAmount: 1, offsetBefore: false }, 'until 1 day after a date',
		'Waits until 1 day after the date. If the date is Wed 1 Apr 2026, they go on Thu 2 Apr 2026, 00:00 (UTC).'],
	[{ until: 'weekday', weekdays: [4, 1], weekdayTime: '08:30' }, 'until Mon or Thu, 08:30', 'Waits until Monday or Thursday, 08:30. Someone who arrives now goes on Thu 5 Mar 2026, 08:30 (UTC).'],
	[{ until: 'window' }, 'until Mon to Fri, 09:00 to 18:00', 'Waits until a time from 09:00 to 18:00 on Monday to Friday. Now is such a time (UTC): they go on at once.'],
	[{ until: 'window', windowDays: [7, 6], windowFrom: '22:00', windowTo: '06:00' }, 'until Sat or Sun, 22:00 to 06:00',
		'Waits until a time from 22:00 to 06:00 on Saturday or Sunday. Someone who arrives now goes on Sat 7 Mar 2026, 22:00 (UTC).'],
	[{ until: 'window', windowDays: [1, 2, 3, 4, 5, 6, 7], windowTo: '09:30' }, 'until any day, 09:00 to 09:30',
		'Waits until a time from 09:00 to 09:30 on any day. Someone who arrives now goes on Tue 3 Mar 2026, 09:00 (UTC).'],
	[{ waitFor: 'events', events: { branch: [{ event: { __rl: true, mode: 'list', value: 'A', cachedResultName: 'A' }, times: 2 }, { on: 'segment', segment: { __rl: true, mode: 'name', value: 'big' } }] } }, 'until 2 × A or in big, at most 1 day',
		'Waits for A 2 times or joining the segment big, at most 1 day. For someone who arrives now the time is up Tue 3 Mar 2026, 10:00 (UTC).'],
	[{ waitFor: 'events', events: on('A', '') }, 'until A, at most 1 day', 'Waits for A or an event, at most 1 day. For someone who arrives now the time is up Tue 3 Mar 2026, 10:00 (UTC).'],
	[{ waitFor: 'events', events: { branch: [{ event: 'A', times: 3, period: 'within' }, { event: 'B', times: 2, period: 'day' }, { event: 'C', times: 5 }] }, limitUntil: 'never' },
		'until 3 × A or 2 × B or 5 × C', 'Waits for A 3 times within 1 hour, B 2 times on one day or C 5 times, however long it takes.'],
	[{ waitFor: 'events', events: on('A', 'B'), decides: 'best' }, 'wait 1 day, then by the best event',
		'Waits 1 day, then goes by the first in this list that has happened: A, B. For someone who arrives now the time is up Tue 3 Mar 2026, 10:00 (UTC).'],
	[{ waitFor: 'events', events: { branch: [{ on: 'attribute', attributes: { conditions: [{ path: 'plan' }] } }, { on: 'message', engagement: 'opened' }] }, limitUntil: 'never' },
		'until plan or message opened', 'Waits for a change of plan or a message that is opened, however long it takes.'],
	[{ until: 'date', dateFrom: 'attribute', dateAttribute: 'renewal', offsetAmount: 1 }, 'until 1 day before a date',
		'Waits until 1 day before the date. If the date is Wed 1 Apr 2026, they go on Tue 31 Mar 2026, 00:00 (UTC).'],
	[{ waitFor: 'events', events: on('A'), limitUntil: 'never', delayAmount: 5 }, 'until A', 'Waits for A, however long it takes.'],
	[{ waitFor: 'events', events: {}, limitUntil: 'never' }, 'until an event', 'Waits for an event: add it above.'],
	[{ waitFor: 'events', events: on('A'), limitDelayAmount: '={{ 1 }}' }, 'until A, at most … days', 'Waits for A, at most as long as the expressions say for each customer.'],
];

describe('a State in words', () => {
	it.each(PANELS)('%j', (panel, subtitle, sentence) => {
		expect(stateSubtitle(panel)).toBe(subtitle);
		expect(sentenceOf(node, panel, now, 'UTC')).toBe(sentence);
	});

	it('names the field that cannot be understood', () => {
		expect(() => sentenceOf(node, { delayAmount: 0 }, now, 'UTC')).toThrow(/^Wait: /);
	});
});
