import { TimeRuleError } from './time-rule-error';
import { TIME_UNITS, type Duration, type TimeUnit } from './types';

/** The most that each unit may count: a hundred years. */
const HUNDRED_YEARS: Record<TimeUnit, number> = {
	seconds: 36_525 * 86_400,
	minutes: 36_525 * 1_440,
	hours: 36_525 * 24,
	days: 36_525,
	weeks: 5_217,
	months: 1_200,
	years: 100,
};

const ELAPSED_MS = { seconds: 1_000, minutes: 60_000, hours: 3_600_000 } as const;

/** Length in milliseconds of a duration of elapsed time (hours and below); undefined for calendar time. */
export function elapsedMs(duration: Duration): number | undefined {
	return duration.unit in ELAPSED_MS ? duration.amount * ELAPSED_MS[duration.unit as keyof typeof ELAPSED_MS] : undefined;
}

/**
 * Checks an amount and a unit as a person entered them: whole numbers, at least 1 from days up, at least 0 below,
 * at most a hundred years. 90 minutes stay 90 minutes.
 *
 * @throws TimeRuleError naming the field
 */
export function validateDuration(duration: { amount: unknown; unit: unknown }, field: string): Duration {
	const checked = validateOffset(duration, field);
	if (checked.amount === 0 && elapsedMs(checked) === undefined) {
		throw new TimeRuleError(field, `0 ${checked.unit}`, `is too short: from days up, enter a whole number from 1.`);
	}
	return checked;
}

/** Like `validateDuration`, for a shift of a date: 0 is allowed in every unit. */
export function validateOffset({ amount, unit }: { amount: unknown; unit: unknown }, field: string): Duration {
	if (!isTimeUnit(unit)) throw new TimeRuleError(field, unit, `is not a unit of time. Use one of: ${TIME_UNITS.join(', ')}.`);
	if (typeof amount !== 'number') {
		throw new TimeRuleError(field, amount, `is not a number of ${unit}. Enter a whole number; if it comes from an expression, convert it with Number(…).`);
	}
	if (!Number.isInteger(amount) || amount < 0) {
		throw new TimeRuleError(field, amount, `is not a whole number of ${unit}. Enter a positive whole number, with a smaller unit if need be.`);
	}
	if (amount > HUNDRED_YEARS[unit]) {
		throw new TimeRuleError(field, `${amount} ${unit}`, `is longer than a hundred years. Enter at most ${HUNDRED_YEARS[unit]} ${unit}.`);
	}
	return { amount, unit };
}

function isTimeUnit(unit: unknown): unit is TimeUnit {
	return (TIME_UNITS as readonly unknown[]).includes(unit);
}
