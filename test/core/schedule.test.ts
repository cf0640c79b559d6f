import { nextOccasions, occasionsBetween, scheduleSentence, validateSchedule, type Recurrence, type Schedule } from '../../lib/core/schedule';

const at = (recurrence: Recurrence, atTime = '09:00'): Schedule => ({ recurrence, atTime });
const dates = (schedule: Schedule, zone: string, after: string, count: number) => nextOccasions(schedule, zone, new Date(after), count).map(({ date }) => date.slice(2)).join(' ');
const instants = (schedule: Schedule, zone: string, after: string, count: number) =>
	nextOccasions(schedule, zone, new Date(after), count).map((one) => one.at.toISOString().slice(0, 16).replace(':00.', '')).join(' ');

/** Schedule → the next dates after a moment. */
const DATES: Array<[what: string, schedule: Schedule, after: string, expected: string]> = [
	['once, ahead', at({ kind: 'once', date: '2026-03-09' }), '2026-03-02T10:00Z', '26-03-09'],
	['once, later today', at({ kind: 'once', date: '2026-03-02' }, '10:01'), '2026-03-02T10:00Z', '26-03-02'],
	['once, this minute', at({ kind: 'once', date: '2026-03-02' }, '10:00'), '2026-03-02T10:00Z', ''],
	['once, past', at({ kind: 'once', date: '2026-03-01' }), '2026-03-02T10:00Z', ''],
	['every day, today passed', at({ kind: 'days', every: 1 }), '2026-03-02T10:00Z', '26-03-03 26-03-04 26-03-05'],
	['every day, today ahead', at({ kind: 'days', every: 1 }, '11:00'), '2026-03-02T10:00Z', '26-03-02 26-03-03 26-03-04'],
	['every day, not before the first', at({ kind: 'days', every: 1, first: '2026-04-01' }), '2026-03-02T10:00Z', '26-04-01 26-04-02 26-04-03'],
	['every 3 days, counted on from long ago', at({ kind: 'days', every: 3, first: '2020-02-28' }), '2026-03-02T10:00Z', '26-03-04 26-03-07 26-03-10'],
	['every 3 days, over the end of a year', at({ kind: 'days', every: 3, first: '2026-12-28' }), '2026-12-28T10:00Z', '26-12-31 27-01-03 27-01-06'],
	['every 365 days, over a leap year', at({ kind: 'days', every: 365, first: '2027-06-01' }), '2026-03-02T10:00Z', '27-06-01 28-05-31 29-05-31'],
	['Mondays, on a Monday that passed', at({ kind: 'weeks', every: 1, weekdays: [1] }), '2026-03-02T10:00Z', '26-03-09 26-03-16 26-03-23'],
	['weekends', at({ kind: 'weeks', every: 1, weekdays: [7, 6] }), '2026-03-02T10:00Z', '26-03-07 26-03-08 26-03-14'],
	['every 2nd week, first on a Wednesday: its Monday is before, so not', at({ kind: 'weeks', every: 2, weekdays: [1, 4], first: '2026-03-04' }), '2026-03-02T10:00Z', '26-03-05 26-03-16 26-03-19'],
	['every 2nd week, first on a Sunday: the week began on Monday', at({ kind: 'weeks', every: 2, weekdays: [1], first: '2026-03-08' }), '2026-03-02T10:00Z', '26-03-16 26-03-30 26-04-13'],
	['every 4th week over the end of a year with 53 weeks', at({ kind: 'weeks', every: 4, weekdays: [1], first: '2026-12-14' }), '2026-12-14T10:00Z', '27-01-11 27-02-08 27-03-08'],
	['every 53rd week', at({ kind: 'weeks', every: 53, weekdays: [3], first: '2026-03-04' }), '2026-03-02T10:00Z', '26-03-04 27-03-10 28-03-15'],
	['day 1', at({ kind: 'months', every: 1, day: 1 }), '2026-03-02T10:00Z', '26-04-01 26-05-01 26-06-01'],
	['day 28', at({ kind: 'months', every: 1, day: 28 }), '2027-01-30T10:00Z', '27-02-28 27-03-28 27-04-28'],
	['day 29 in a February without one', at({ kind: 'months', every: 1, day: 29 }), '2027-01-30T10:00Z', '27-02-28 27-03-29 27-04-29'],
	['day 29 in a leap year', at({ kind: 'months', every: 1, day: 29 }), '2028-01-30T10:00Z', '28-02-29 28-03-29 28-04-29'],
	['day 30', at({ kind: 'months', every: 1, day: 30 }), '2027-01-30T10:00Z', '27-02-28 27-03-30 27-04-30'],
	['day 31 in short months', at({ kind: 'months', every: 1, day: 31 }), '2026-03-31T10:00Z', '26-04-30 26-05-31 26-06-30'],
	['the last day', at({ kind: 'months', every: 1, day: 'last' }), '2026-01-31T10:00Z', '26-02-28 26-03-31 26-04-30'],
	['the last day of a leap February', at({ kind: 'months', every: 12, day: 'last', first: '2028-02-01' }), '2026-01-31T10:00Z', '28-02-29 29-02-28 30-02-28'],
	['every 3rd month, first behind its day', at({ kind: 'months', every: 3, day: 15, first: '2026-01-20' }), '2026-01-01T00:00Z', '26-04-15 26-07-15 26-10-15'],
	['every 5th month, over a year', at({ kind: 'months', every: 5, day: 31, first: '2026-10-31' }), '2026-03-02T10:00Z', '26-10-31 27-03-31 27-08-31'],
	['every hundred years', at({ kind: 'months', every: 1_200, day: 1, first: '1999-01-01' }), '2026-03-02T10:00Z', '99-01-01 99-01-01'],
];

/** When it is there, by the clock of a zone. */
const INSTANTS: Array<[what: string, schedule: Schedule, zone: string, after: string, expected: string]> = [
	['summer time begins: 09:00 stays', at({ kind: 'days', every: 1 }), 'Europe/Berlin', '2026-03-28T07:00Z', '2026-03-28T08:00 2026-03-29T07:00 2026-03-30T07:00'],
	['summer time ends: 09:00 stays', at({ kind: 'days', every: 1 }), 'Europe/Berlin', '2026-10-24T06:00Z', '2026-10-24T07:00 2026-10-25T08:00 2026-10-26T08:00'],
	['a time in the gap: the first minute after it', at({ kind: 'days', every: 1 }, '02:30'), 'Europe/Berlin', '2026-03-28T07:00Z', '2026-03-29T01:00 2026-03-30T00:30'],
	['a time that comes twice: its first occurrence', at({ kind: 'days', every: 1 }, '02:30'), 'Europe/Berlin', '2026-10-24T07:00Z', '2026-10-25T00:30 2026-10-26T01:30'],
	['half an hour of summer time', at({ kind: 'days', every: 1 }, '02:15'), 'Australia/Lord_Howe', '2026-10-03T00:00Z', '2026-10-03T15:30 2026-10-04T15:15'],
	['an odd offset', at({ kind: 'weeks', every: 1, weekdays: [1] }), 'Asia/Kathmandu', '2026-03-02T00:00Z', '2026-03-02T03:15 2026-03-09T03:15'],
	['a day before UTC', at({ kind: 'once', date: '2026-03-03' }, '08:00'), 'Pacific/Kiritimati', '2026-03-02T10:00Z', '2026-03-02T18:00'],
	['a day behind UTC', at({ kind: 'once', date: '2026-03-02' }, '23:00'), 'Pacific/Pago_Pago', '2026-03-02T10:00Z', '2026-03-03T10:00'],
	['a date that the zone skipped is there as the next begins', at({ kind: 'days', every: 1 }), 'Pacific/Apia', '2011-12-29T00:00Z', '2011-12-29T19:00 2011-12-30T10:00 2011-12-30T19:00'],
	['midnight', at({ kind: 'months', every: 1, day: 1 }, '00:00'), 'Europe/Istanbul', '2026-03-02T10:00Z', '2026-03-31T21:00 2026-04-30T21:00'],
	['a midnight that the clocks skip', at({ kind: 'days', every: 1 }, '00:00'), 'Africa/Cairo', '2026-04-23T12:00Z', '2026-04-23T22:00 2026-04-24T21:00'],
];

describe('a schedule', () => {
	it.each(DATES)('%s', (_, schedule, after, expected) => {
		expect(dates(validateSchedule(schedule), 'UTC', after, expected === '' ? 3 : expected.split(' ').length)).toBe(expected);
	});

	it.each(INSTANTS)('%s', (_, schedule, zone, after, expected) => {
		const count = expected.split(' ').length;
		expect(instants(validateSchedule(schedule), zone, after, count).split(' ').slice(0, count).join(' ')).toBe(expected);
	});

	it.each<[string, Schedule, string, string]>([...DATES, ...INSTANTS].map((one) => (one.length === 4 ? [one[0], one[1], 'UTC', one[2]] : [one[0], one[1], one[2], one[3]])))('is the same seen from behind: %s', (_, schedule, zone, after) => {
		const from = new Date(after);
		const next = nextOccasions(schedule, zone, from, 3).filter(({ at: when }) => +when < +from + 500 * 86_400_000);
		const to = next.at(-1)?.at ?? new Date(+from + 86_400_000);
		expect(occasionsBetween(schedule, zone, from, to)).toEqual(next);
		// What falls on the beginning is over, what falls on the end is there.
		if (next[0]) expect(occasionsBetween(schedule, zone, next[0].at, to)).toEqual(next.slice(1));
	});

	it.each<[Schedule, RegExp]>([
		[at({ kind: 'days', every: 0 }), /^Every: "0" is not a number of days/],
		[at({ kind: 'weeks', every: 1.5, weekdays: [1] }), /^Every: "1\.5" is not a number of weeks/],
		[at({ kind: 'months', every: 1_201, day: 1 }), /^Every: "1201" .* from 1 to 1200/],
		[at({ kind: 'days', every: 2 }), /^Starting On: nothing is needed to know which day is the first of every 2/],
		[at({ kind: 'days', every: 2, first: '2026-02-30' }), /^Starting On: "2026-02-30" is not a date/],
		[at({ kind: 'once', date: '' }), /^Date: nothing is not a date/],
		[at({ kind: 'weeks', every: 1, weekdays: [] }), /^Weekdays: /],
		[at({ kind: 'months', every: 1, day: 32 }), /^Day of Month: "32" is not a day of a month/],
		[at({ kind: 'days', every: 1 }, '24:00'), /^At Time: "24:00" is not a time of day/],
	])('refuses %j', (schedule, problem) => {
		expect(() => validateSchedule(schedule)).toThrow(problem);
	});

	it.each<[Schedule, object, string]>([
		[at({ kind: 'days', every: 1 }), {}, 'Every day at 09:00 (Europe/Istanbul). Next: Tue 3 Mar 2026, Wed 4 Mar 2026, Thu 5 Mar 2026.'],
		[at({ kind: 'weeks', every: 2, weekdays: [4, 1], first: '2026-03-02' }), {}, 'On Monday and Thursday of every 2nd week, counted from 2 Mar 2026, at 09:00 (Europe/Istanbul). Next: Thu 5 Mar 2026, Mon 16 Mar 2026, Thu 19 Mar 2026.'],
		[at({ kind: 'months', every: 1, day: 31 }), { ownZone: true }, 'On day 31 of every month (the last day of a shorter one) at 09:00, by each customer’s own clock, by that of Europe/Istanbul where their zone is not known. Next: Tue 31 Mar 2026, Thu 30 Apr 2026, Sun 31 May 2026.'],
		[at({ kind: 'months', every: 3, day: 'last', first: '2026-01-01' }), {}, 'On the last day of every 3rd month, counted from 1 Jan 2026, at 09:00 (Europe/Istanbul). Next: Thu 30 Apr 2026, Fri 31 Jul 2026, Sat 31 Oct 2026.'],
		[at({ kind: 'once', date: '2026-03-01' }), {}, 'Once, on Sun 1 Mar 2026 at 09:00 (Europe/Istanbul). There is no date ahead.'],
		[at({ kind: 'days', every: 1 }), { start: new Date('2026-05-01T06:00:00Z'), end: new Date('2026-05-02T21:00:00Z') }, 'Every day at 09:00 (Europe/Istanbul). Next: Fri 1 May 2026, Sat 2 May 2026.'],
	])('is said in words: %j', (schedule, options, words) => {
		expect(scheduleSentence(schedule, new Date('2026-03-02T10:00:00Z'), 'Europe/Istanbul', { ownZone: false, ...options })).toBe(words);
	});
});
