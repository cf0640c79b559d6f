import type { IExecuteFunctions, ILoadOptionsFunctions, ITriggerFunctions, ResourceMapperFields } from 'n8n-workflow';

import { findSegment, memberEvent, nameOf, type RawName } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { asHtml } from '../shared/html';
import { fieldError, raw } from '../shared/parameters';
import type { Occasion } from './entry';

interface Panel {
	segment?: RawName;
	membership?: 'joined' | 'left';
	existing?: 'none' | 'everyone';
	options?: { correlation?: string; pace?: number };
}

/** Reads *On Joining or Leaving a Segment*. @throws NodeOperationError naming the field */
export function readSegment(context: IExecuteFunctions | ITriggerFunctions): Occasion {
	const node = context.getNode();
	const name = nameOf(raw<RawName>(context, 'segment', ''));
	if (name === '') throw fieldError(node, 'Segment', 'is empty. Choose a saved segment, or save one with the Journey Control node.');
	const membership = raw<'joined' | 'left'>(context, 'membership', 'joined');
	const { correlation, pace } = raw<NonNullable<Panel['options']>>(context, 'options', {});
	if (correlation) throw fieldError(node, 'Correlation Property', 'cannot be used with a segment: nothing carries it. Remove the option.');
	if (pace !== undefined && !(Number.isInteger(pace) && pace >= 1)) throw fieldError(node, 'People per Minute', `found ${pace}. Enter a whole number from 1.`);
	return {
		occasion: { event: memberEvent(membership, name), filter: [] },
		segment: name,
		pace: pace ?? null,
		listensTo: { name, everyone: membership === 'joined' && raw<string>(context, 'existing', 'none') === 'everyone' },
	};
}

/** How many are in the segment, and what becomes of them, for the panel. */
export async function segmentInNumbers(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	const panel = (this.getCurrentNodeParameters() ?? {}) as Panel;
	const name = nameOf(panel.segment);
	const words = async () => {
		if (name === '') return 'Choose a segment.';
		const { store } = await journeyEngine(this);
		const found = await store.tx(async (db) => await findSegment(db, name));
		return found ? sentence(panel, name, found) : `There is no segment "${name}" yet. Save it with the Journey Control node: until then nobody enters.`;
	};
	return { fields: [], emptyFieldsNotice: asHtml(await words().catch((error: Error) => error.message)) };
}

function sentence({ membership = 'joined', existing = 'none', options = {} }: Panel, name: string, { size, refreshed_at: at }: { size: number; refreshed_at: Date | null }): string {
	if (at === null) return `“${name}” has not been gone through yet: who is found in it first has not joined it.`;
	const count = (number: number) => `${number.toLocaleString('en-US')} ${number === 1 ? 'customer' : 'customers'}`;
	const now = `${count(size)} ${size === 1 ? 'is' : 'are'} in “${name}” (as of ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC).`;
	if (membership === 'left') return `${now} Whoever of them leaves it from now on enters.`;
	if (existing === 'none') return `${now} None of them enters: only who joins from now on.`;
	const pace = options.pace ? `, ${options.pace.toLocaleString('en-US')} in a minute${duration(size / options.pace)}` : '';
	return `${now} They enter once when this is published${pace}, and then whoever joins.`;
}

/** Minutes, roughly. */
function duration(minutes: number): string {
	if (minutes < 2) return '';
	return minutes < 120 ? `: about ${Math.round(minutes)} minutes` : `: about ${Math.round(minutes / 60)} hours`;
}
