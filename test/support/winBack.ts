import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Real purchases of a CD retailer, 1997 and 1998 (the data of Fader and Hardie); not part of the product. */
const FILE = process.env.CDNOW_CSV ?? join(__dirname, '../../../shared/data/cdnow.csv');

export interface Purchase {
	customer: string;
	/** Days since 1 January 1970; everything happens at noon. */
	day: number;
	cents: number;
}

/** @returns the purchases by day; undefined, with a printed line, where the file is not there */
export function purchases(): Map<number, Purchase[]> | undefined {
	if (!existsSync(FILE)) {
		console.warn('SKIPPED: the purchases of cdnow.csv are not on this machine (CDNOW_CSV names the file), so they are not played.');
		return undefined;
	}
	const rows = readFileSync(FILE, 'utf8').trim().split('\n').slice(1).map((line): Purchase => {
		const [customer, date, , value] = line.split(',') as [string, string, string, string];
		const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)].map(Number) as [number, number, number];
		return { customer, day: Date.UTC(year, month - 1, day) / 86_400_000, cents: Math.round(Number(value) * 100) };
	});
	return Map.groupBy(rows.sort((a, b) => a.day - b.day), ({ day }) => day);
}

/** What the win-back journey comes to. */
export interface Books {
	entries: number;
	messages: number;
	conversions: number;
	/** Of the purchases that won somebody back. */
	cents: number;
	alreadyInside: number;
	locked: number;
}

export const QUIET_DAYS = 90;
export const WATCH_DAYS = 30;
export const LOCK_DAYS = 120;
const MOST_RESETS = 100;

/**
 * The same journey, one customer after the other, by plain rules and without the engine: a purchase lets in, once in 120
 * days; 90 days without another one, a message; a purchase within the next 30 days wins back, and does not let in again
 * by itself. What falls due at noon is done before that day's purchases, so one on the last day comes too late.
 */
export function winBackBooks(byDay: Map<number, Purchase[]>): Books {
	const books: Books = { entries: 0, messages: 0, conversions: 0, cents: 0, alreadyInside: 0, locked: 0 };
	for (const [, bought] of Map.groupBy([...byDay.values()].flat(), ({ customer }) => customer)) {
		let place = 'out' as 'out' | 'quiet' | 'watched';
		let [due, resets, entered] = [0, 0, -Infinity];
		const timesUp = (before: number) => {
			if (place === 'quiet' && due <= before) [place, due, books.messages] = ['watched', due + WATCH_DAYS, books.messages + 1];
			if (place === 'watched' && due <= before) place = 'out';
		};
		for (const [day, today] of Map.groupBy(bought, (one) => one.day)) {
			timesUp(day);
			if (place === 'quiet') {
				books.alreadyInside += today.length;
				if (resets < MOST_RESETS) due = day + QUIET_DAYS;
				resets += today.length;
				continue;
			}
			if (place === 'watched') {
				books.conversions++;
				books.cents += today[0]!.cents;
				books.alreadyInside += today.length;
				place = 'out';
				continue;
			}
			if (day < entered + LOCK_DAYS) books.locked += today.length;
			else {
				[place, due, resets, entered] = ['quiet', day + QUIET_DAYS, 0, day];
				books.entries++;
				books.alreadyInside += today.length - 1;
			}
		}
		timesUp(Infinity);
	}
	return books;
}
