import type { IExecuteFunctions, ITriggerFunctions } from 'n8n-workflow';

import type { EntryRules } from '../../lib/index';
import { fieldError, raw, readDuration } from '../shared/parameters';

type Context = IExecuteFunctions | ITriggerFunctions;
type Limits = Pick<EntryRules, 'capacity' | 'duplicateWindow' | 'holdout' | 'ignoresGlobalHoldout' | 'rollout'>;

/** Of the Options, those that limit who enters. */
export interface LimitOptions {
	capacity?: { limits?: { perMinute?: number; inside?: number; overflow?: 'delay' | 'refuse' } };
	ignoresGlobalHoldout?: boolean;
	duplicates?: { window?: { duplicateAmount: number; duplicateUnit: string } };
	holdout?: number;
	rollout?: number;
}

/** How often somebody may enter. @throws NodeOperationError naming the field */
export function readReentry(context: Context): EntryRules['reentry'] {
	const kind = raw<EntryRules['reentry']['kind']>(context, 'reentry', 'lock');
	if (kind === 'once') return { kind };
	if (kind === 'lock') {
		const lock = readDuration(context, 'After', raw(context, 'lockAmount', 1), raw(context, 'lockUnit', 'days'));
		return raw<string>(context, 'lockFrom', 'entry') === 'exit' ? { kind, lock, from: 'exit' } : { kind, lock };
	}
	const times = wholeFrom(context, 'Entries at Most', raw(context, 'capTimes', 1), 1);
	if (raw<string>(context, 'capPeriod', 'rolling') === 'ever') return { kind, times };
	return { kind, times, within: readDuration(context, 'Within', raw(context, 'capAmount', 30), raw(context, 'capUnit', 'days')) };
}

/** How many may enter. @throws NodeOperationError naming the field */
export function readLimits(context: Context, { capacity, duplicates, holdout, ignoresGlobalHoldout, rollout }: LimitOptions): Limits {
	const limits: Limits = ignoresGlobalHoldout ? { ignoresGlobalHoldout } : {};
	if (duplicates?.window) {
		const { duplicateAmount, duplicateUnit } = duplicates.window;
		limits.duplicateWindow = readDuration(context, 'Ignore Repeated Events For', duplicateAmount, duplicateUnit);
	}
	if (holdout !== undefined && percent(context, 'Holdout (%)', holdout, 0, 99) > 0) limits.holdout = holdout;
	if (rollout !== undefined && percent(context, 'Roll-Out (%)', rollout, 1, 100) < 100) limits.rollout = rollout;
	if (capacity?.limits) {
		const perMinute = wholeFrom(context, 'Entries per Minute', capacity.limits.perMinute ?? 0, 0);
		const inside = wholeFrom(context, 'Inside at Once', capacity.limits.inside ?? 0, 0);
		if (perMinute === 0 && inside === 0) throw fieldError(context.getNode(), 'Capacity', 'has no limit. Enter one of its two numbers, or remove the option.');
		limits.capacity = { overflow: capacity.limits.overflow ?? 'delay', ...(perMinute > 0 && { perMinute }), ...(inside > 0 && { inside }) };
	}
	return limits;
}

function wholeFrom(context: Context, field: string, found: unknown, least: number): number {
	if (Number.isSafeInteger(found) && (found as number) >= least) return found as number;
	throw fieldError(context.getNode(), field, `found ${JSON.stringify(found)}. Enter a whole number from ${least}.`);
}

function percent(context: Context, field: string, found: unknown, least: number, most: number): number {
	if (typeof found === 'number' && found >= least && found <= most) return found;
	throw fieldError(context.getNode(), field, `found ${JSON.stringify(found)}. Enter a number from ${least} to ${most}.`);
}
