import fc from 'fast-check';

import { addDuration, dueAt, lockEnds, subtractDuration } from '../../lib/core/time';
import { instantOf, wallTime } from '../../lib/core/zone';
import { oracleInstantOf, oracleShift, wallText } from './zone-oracle';

const MINUTE = 60_000;
const ZONES = [
	'UTC', 'Europe/Istanbul', 'Europe/Berlin', 'Europe/London', 'Europe/Dublin', 'America/New_York', 'America/Sao_Paulo',
	'America/Havana', 'America/St_Johns', 'America/Caracas', 'Asia/Kathmandu', 'Asia/Tehran', 'Asia/Pyongyang', 'Asia/Gaza',
	'Africa/Casablanca', 'Africa/Cairo', 'Australia/Lord_Howe', 'Australia/Eucla', 'Antarctica/Troll', 'Antarctica/Casey',
	'Pacific/Apia', 'Pacific/Chatham', 'Pacific/Kwajalein', 'Pacific/Kiritimati',
];

/** Instants at which the zone's clocks jump, since 1975 (before, offsets were not whole minutes everywhere). */
function jumps(zone: string): number[] {
	const found: number[] = [];
	const offset = (instant: number) => Date.parse(`${wallText(instant, zone)}Z`) - instant;
	for (let day = Date.UTC(1975, 0, 1); day < Date.UTC(2037, 0, 1); day += 10 * 1440 * MINUTE) {
		let [early, late] = [day, day + 10 * 1440 * MINUTE];
		if (offset(early) === offset(late)) continue;
		while (late - early > MINUTE) {
			const middle = early + Math.floor((late - early) / 2 / MINUTE) * MINUTE;
			if (offset(middle) === offset(early)) early = middle;
			else late = middle;
		}
		found.push(late);
	}
	return found;
}

const jumpsOf = new Map(ZONES.map((zone) => [zone, jumps(zone)]));
const zoneAndInstant = fc.constantFrom(...ZONES).chain((zone) => {
	const anywhere = fc.integer({ min: Date.UTC(1975, 0, 2) / MINUTE, max: Date.UTC(2036, 0, 1) / MINUTE }).map((minutes) => minutes * MINUTE);
	const known = jumpsOf.get(zone)!;
	const nearJump = fc.tuple(fc.constantFrom(...(known.length ? known : [Date.UTC(2026, 0, 1)])), fc.integer({ min: -1600, max: 1600 })).map(([jump, minutes]) => jump + minutes * MINUTE);
	return fc.record({ zone: fc.constant(zone), instant: fc.oneof({ weight: 4, arbitrary: nearJump }, { weight: 1, arbitrary: anywhere }) });
});
const calendarUnit = fc.constantFrom('days' as const, 'weeks' as const, 'months' as const, 'years' as const);
const timeOfDay = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map((parts) => parts.map((n) => String(n).padStart(2, '0')).join(':'));
const runs = { numRuns: 300 };
const midnightAfter = (wall: string, days: number) => `${oracleShift(wall, days, 'days').slice(0, 10)}T00:00`;

test('the sample of zones has gaps and overlaps to fall into', () => {
	expect([...jumpsOf.values()].flat().length).toBeGreaterThan(1000);
});

describe('against minute-by-minute search on Intl', () => {
	test('wall time to instant', () => {
		fc.assert(
			fc.property(zoneAndInstant, ({ zone, instant }) => {
				// The instant's own digits, read as a wall time, fall into gaps as well.
				const wall = new Date(instant).toISOString().slice(0, 16);
				expect(instantOf(Date.parse(`${wall}Z`), zone)).toBe(oracleInstantOf(wall, zone));
				expect(new Date(wallTime(instant, zone)).toISOString().slice(0, 16)).toBe(wallText(instant, zone));
			}),
			{ numRuns: 600 },
		);
	});

	test('adding and subtracting calendar time', () => {
		fc.assert(
			fc.property(zoneAndInstant, calendarUnit, fc.integer({ min: 1, max: 14 }), fc.boolean(), ({ zone, instant }, unit, amount, back) => {
				const shifted = (back ? subtractDuration : addDuration)(new Date(instant), { amount, unit }, zone);
				expect(shifted.getTime()).toBe(oracleInstantOf(oracleShift(wallText(instant, zone), back ? -amount : amount, unit), zone));
			}),
			runs,
		);
	});

	test('landing exactly on the days on which clocks jump', () => {
		fc.assert(
			fc.property(zoneAndInstant, fc.integer({ min: 1, max: 9 }), ({ zone, instant }, days) => {
				const from = oracleInstantOf(oracleShift(wallText(instant, zone), -days, 'days'), zone);
				const expected = oracleInstantOf(oracleShift(wallText(from, zone), days, 'days'), zone);
				expect(addDuration(new Date(from), { amount: days, unit: 'days' }, zone).getTime()).toBe(expected);
			}),
			runs,
		);
	});

	test('a delay with a time of day is the first such time that is far enough ahead', () => {
		fc.assert(
			fc.property(zoneAndInstant, fc.integer({ min: 1, max: 3 }), timeOfDay, ({ zone, instant }, days, atTime) => {
				const wall = wallText(instant, zone);
				const earliest = oracleInstantOf(oracleShift(wall, days, 'days'), zone);
				const candidates = [-2, -1, 0, 1, 2, 3].map((more) => oracleInstantOf(`${oracleShift(wall, days + more, 'days').slice(0, 10)}T${atTime}`, zone));
				const until = { kind: 'delay', delay: { amount: days, unit: 'days' }, atTime } as const;
				expect(dueAt(until, new Date(instant), zone).getTime()).toBe(candidates.find((at) => at >= earliest));
			}),
			runs,
		);
	});

	test('a weekday is the first chosen one whose time is not before now', () => {
		fc.assert(
			fc.property(zoneAndInstant, fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), timeOfDay, fc.constantFrom('nextWeek' as const, 'atOnce' as const), ({ zone, instant }, weekdays, atTime, sameDayPassed) => {
				const today = wallText(instant, zone).slice(0, 10);
				const chosen = (day: string) => weekdays.includes(new Date(`${day}T00:00Z`).getUTCDay() || 7);
				const days = Array.from({ length: 10 }, (_, i) => midnightAfter(`${today}T00:00`, i - 1).slice(0, 10)).filter(chosen);
				const times = days.map((day) => oracleInstantOf(`${day}T${atTime}`, zone));
				const atOnce = sameDayPassed === 'atOnce' && chosen(today) && oracleInstantOf(`${today}T${atTime}`, zone) < instant;
				const expected = atOnce ? instant : times.find((at) => at >= instant);
				expect(dueAt({ kind: 'weekday', weekdays, atTime, sameDayPassed }, new Date(instant), zone).getTime()).toBe(expected);
			}),
			{ numRuns: 150 },
		);
	});

	test('a lock in days ends as a calendar day begins', () => {
		fc.assert(
			fc.property(zoneAndInstant, fc.integer({ min: 1, max: 30 }), ({ zone, instant }, days) => {
				const expected = oracleInstantOf(midnightAfter(wallText(instant, zone), days), zone);
				expect(lockEnds(new Date(instant), { amount: days, unit: 'days' }, zone).getTime()).toBe(expected);
			}),
			runs,
		);
	});
});

test('hours and below are elapsed time everywhere', () => {
	fc.assert(
		fc.property(zoneAndInstant, fc.nat(5000), ({ zone, instant }, amount) => {
			const from = new Date(instant + 123);
			expect(addDuration(from, { amount, unit: 'hours' }, zone).getTime() - from.getTime()).toBe(amount * 3_600_000);
			expect(from.getTime() - subtractDuration(from, { amount, unit: 'seconds' }, zone).getTime()).toBe(amount * 1000);
			expect(lockEnds(from, { amount, unit: 'minutes' }, zone).getTime() - from.getTime()).toBe(amount * MINUTE);
		}),
	);
});
