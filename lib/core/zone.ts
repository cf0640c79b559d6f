import { IANAZone } from 'luxon';

import { TimeRuleError } from './time-rule-error';

const DAY_MS = 86_400_000;

/** What is remembered of a zone: its offset in milliseconds as each UTC day begins. */
interface KnownZone {
	zone: IANAZone;
	daily: Map<number, number>;
}

/** Only zones that exist are kept, so names that senders make up cannot fill the memory; nor can dates. */
const zones = new Map<string, KnownZone>();
const MOST_DAYS = 5_000;

/**
 * Checks the name of an IANA time zone, such as `Europe/Istanbul`, and returns it.
 *
 * @throws TimeRuleError naming the field; also for fixed offsets such as `+03:00`, which know no summer time
 */
export function validateZone(zone: unknown, field: string): string {
	if (typeof zone === 'string' && zones.has(zone)) return zone;
	if (typeof zone !== 'string' || !/^[a-z]/i.test(zone) || !IANAZone.isValidZone(zone)) {
		throw new TimeRuleError(field, zone, 'is not a time zone. Use an IANA name such as Europe/Istanbul or America/New_York.');
	}
	zones.set(zone, { zone: IANAZone.create(zone), daily: new Map() });
	return zone;
}

/**
 * What clock and calendar show in the zone at an instant. Such a wall time is written as the milliseconds that UTC
 * would have when its clocks show the same; it is no instant, and must not be compared with one.
 */
export function wallTime(instant: number, zone: string): number {
	return instant + offsetMs(instant, zone);
}

/**
 * The instant at which clocks in the zone show a wall time. A wall time that is skipped (clocks go forward) gives the
 * first instant after the gap; one that comes twice (clocks go back) gives its first occurrence.
 */
export function instantOf(wall: number, zone: string): number {
	// No zone is further from UTC than 16 h, so a day to either side lies before and after any change that can matter.
	const before = offsetMs(wall - DAY_MS, zone);
	const after = offsetMs(wall + DAY_MS, zone);
	for (const offset of [Math.max(before, after), Math.min(before, after)]) {
		if (offsetMs(wall - offset, zone) === offset) return wall - offset;
	}
	return endOfGap(wall - after, wall - before, zone);
}

/** Where the offset changes: `early` still has the old one, `late` has the new one. */
function endOfGap(early: number, late: number, zone: string): number {
	const old = offsetMs(early, zone);
	while (late - early > 1) {
		const middle = Math.floor((early + late) / 2);
		if (offsetMs(middle, zone) === old) early = middle;
		else late = middle;
	}
	return late;
}

/**
 * A batch asks thousands of times, and asking `Intl` takes microseconds. No zone has ever changed its clocks twice
 * within three days, so a day that begins and ends with the same offset has it throughout.
 */
function offsetMs(instant: number, name: string): number {
	const known = zones.get(name) ?? zones.get(validateZone(name, 'Time zone'))!;
	const day = Math.floor(instant / DAY_MS);
	const offset = offsetAsDayBegins(day, known);
	return offset === offsetAsDayBegins(day + 1, known) ? offset : askOffset(instant, known.zone);
}

function offsetAsDayBegins(day: number, { zone, daily }: KnownZone): number {
	let offset = daily.get(day);
	if (offset === undefined) {
		if (daily.size >= MOST_DAYS) daily.clear();
		offset = askOffset(day * DAY_MS, zone);
		daily.set(day, offset);
	}
	return offset;
}

function askOffset(instant: number, zone: IANAZone): number {
	return Math.round(zone.offset(instant) * 60_000);
}
