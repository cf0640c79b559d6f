import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { discardRejected, parseDate, rejectedPage, resendRejected, type Engine, type Rejected, type Resend } from '../../lib/index';
import { checked, fieldError } from '../shared/parameters';
import { whoAsks } from './who';

/** What the panel offers for input that was refused. */
export const REJECTED_OPERATIONS = { list, resend, discard };

interface Filters {
	source?: string;
	reason?: string;
	since?: string;
}

async function list(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData[]> {
	const { source, reason, since } = context.getNodeParameter('rejectedFilters', 0, {}) as Filters;
	const page = await rejectedPage(store, {
		source: source?.trim() || null,
		reason: reason?.trim() || null,
		since: since ? checked(context, 'Since', () => parseDate(since, context.getTimezone(), 'Since')) : null,
	}, whole(context, 'after', 'After', 0, Number.MAX_SAFE_INTEGER), whole(context, 'limit', 'Limit', 1, 1_000));
	return page.map((one) => ({ json: jsonOf(one), pairedItem: { item: 0 } }));
}

async function resend(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData[]> {
	const ids = idsOf(context);
	const mended = context.getNodeParameter('sendIn', 0) === 'mended';
	const latenessDays = whole(context, 'latenessDays', 'Lateness Limit (Days)', 1, 36_500);
	const asked = ids.map((id, item): Resend => (mended ? { id, message: messageOf(context, item) } : { id }));
	const answers = await resendRejected(engine, asked, latenessDays, whoAsks(context));
	return answers.map(({ id, result, reason }, item) => ({ json: { rejected: { id }, result, ...(reason !== undefined && { reason }) }, pairedItem: { item } }));
}

async function discard(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData[]> {
	const ids = idsOf(context);
	const gone = new Set(await discardRejected(store, ids, whoAsks(context)));
	return ids.map((id, item) => ({ json: { rejected: { id }, discarded: gone.has(id) }, pairedItem: { item } }));
}

function idsOf(context: IExecuteFunctions): number[] {
	return context.getInputData().map((_, item) => {
		const id = Number(context.getNodeParameter('rejected', item));
		if (!Number.isSafeInteger(id) || id < 1) throw fieldError(context.getNode(), 'Rejected ID', `item ${item} has none. Connect "Rejected Event: List" in front.`);
		return id;
	});
}

/** Whether it is a message is seen when it is sent in: then it is refused like any other. */
function messageOf(context: IExecuteFunctions, item: number): unknown {
	const value = context.getNodeParameter('payload', item, '') as unknown;
	if (typeof value !== 'string') return value ?? null;
	try {
		return JSON.parse(value) as unknown;
	} catch (error) {
		throw fieldError(context.getNode(), 'Payload', `item ${item} has no valid JSON (${(error as Error).message}).`);
	}
}

function whole(context: IExecuteFunctions, name: string, field: string, least: number, most: number): number {
	const value = context.getNodeParameter(name, 0) as number;
	if (Number.isInteger(value) && value >= least && value <= most) return value;
	throw fieldError(context.getNode(), field, `found ${JSON.stringify(value)}. Enter a whole number from ${least} to ${most}.`);
}

function jsonOf({ id, source, position, reason, tries, received_at, arrived_at, tried_at, body }: Rejected): IDataObject {
	const arrived = arrived_at && { arrivedAt: arrived_at.toISOString() };
	return { rejected: { id }, source, position, reason, tries, receivedAt: received_at.toISOString(), ...arrived, triedAt: tried_at?.toISOString() ?? null, payload: payloadOf(body) };
}

/** What was sent, as it was; text, if it was no JSON or is not whole. */
function payloadOf(body: string): IDataObject | string {
	try {
		return JSON.parse(body) as IDataObject;
	} catch {
		return body;
	}
}
