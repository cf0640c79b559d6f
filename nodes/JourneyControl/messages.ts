import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { markDeliveriesSent, unknownDeliveries, type Engine } from '../../lib/index';
import { fieldError } from '../shared/parameters';

/** What the panel offers for messages of which nobody knows whether they were sent. */
export const MESSAGE_OPERATIONS = { list, markSent };

async function list(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData[]> {
	const limit = context.getNodeParameter('limit', 0, 50) as number;
	if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw fieldError(context.getNode(), 'Limit', `found ${limit}. Enter a whole number from 1 to 1000.`);
	return (await unknownDeliveries(engine, 0, limit)).map(({ id, key, journey_key, step, instance_id, channel, claimed_at, error, profile }) => ({
		json: {
			delivery: { id }, idempotencyKey: key, channel, claimed_at: claimed_at.toISOString(), error,
			journey: { key: journey_key, instance: instance_id, step }, profile,
		} as unknown as IDataObject,
		pairedItem: { item: 0 },
	}));
}

async function markSent(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData[]> {
	const ids = context.getInputData().map((_, item) => {
		const id = Number(context.getNodeParameter('delivery', item));
		if (!Number.isSafeInteger(id)) throw fieldError(context.getNode(), 'Delivery ID', `item ${item} has none. Connect "Message: List Unknown" in front.`);
		return id;
	});
	const marked = new Set(await markDeliveriesSent(engine, ids));
	return ids.map((id, item) => ({ json: { delivery: { id }, marked: marked.has(id) }, pairedItem: { item } }));
}
