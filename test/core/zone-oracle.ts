/**
 * Time rules once more, on `Intl` alone and minute by minute: slow, simple, and sharing nothing with what it checks.
 * Wall times are written as `YYYY-MM-DDTHH:mm`, which compare as text. Minutes only: use whole minutes.
 */
const MINUTE = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** What the wall clock in the zone shows at an instant. */
export function wallText(instant: number, zone: string): string {
	let format = formats.get(zone);
	if (!format) {
		format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
		formats.set(zone, format);
	}
	return format.format(instant).replace(' ', 'T');
}

/**
 * The first minute at which the wall clock shows what is asked for, or, if it skips that, has gone beyond it.
 * @param shows how an instant is read off the wall clock
 */
export function oracleInstantOf(wall: string, zone: string, shows = wallText): number {
	const furthestAhead = 15 * 60 * MINUTE;
	let instant = Date.parse(`${wall}Z`) - furthestAhead;
	if (shows(instant, zone) >= wall) throw new Error('the oracle starts too late');
	while (shows(instant, zone) < wall) instant += MINUTE;
	return instant;
}

/** Calendar arithmetic on the text of a wall time; a day that the month does not have becomes its last. */
export function oracleShift(wall: string, amount: number, unit: 'days' | 'weeks' | 'months' | 'years'): string {
	const [date, time] = wall.split('T') as [string, string];
	const [year, month, day] = date.split('-').map(Number) as [number, number, number];
	if (unit === 'days' || unit === 'weeks') {
		const days = amount * (unit === 'weeks' ? 7 : 1);
		return `${new Date(Date.UTC(year, month - 1, day) + days * 1440 * MINUTE).toISOString().slice(0, 10)}T${time}`;
	}
	const months = year * 12 + month - 1 + amount * (unit === 'years' ? 12 : 1);
	const [toYear, toMonth] = [Math.floor(months / 12), (months % 12) + 1];
	const lengths = [31, toYear % 4 === 0 && (toYear % 100 !== 0 || toYear % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
	const pad = (n: number, width = 2) => String(n).padStart(width, '0');
	return `${pad(toYear, 4)}-${pad(toMonth)}-${pad(Math.min(day, lengths[toMonth - 1]!))}T${time}`;
}
