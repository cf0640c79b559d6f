import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { markDeliveriesSent, sendUnknownAgain, unknownDeliveries, type Engine, type UnknownDelivery } from '../../lib/index';
import { acknowledgedAtEnd } from '../shared/execution';
import { fieldError } from '../shared/parameters';
import { expect } from './check';

/** An operator's view of the messages of which nobody can say whether they were sent. */
export async function unknown(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData[][]> {
	const what = context.getNodeParameter('unknown', 0) as 'list' | 'markSent' | 'again';
	const items = context.getInputData();
	if (what === 'list') {
		const limit = context.getNodeParameter('limit', 0, 50) as number;
		return [(await unknownDeliveries(engine, 0, limit)).map((one) => ({ json: jsonOf(one), pairedItem: { item: 0 } }))];
	}
	const ids = items.map((_, item) => {
		const id = Number(context.getNodeParameter('delivery', item));
		if (!Number.isSafeInteger(id)) throw fieldError(context.getNode(), 'Delivery ID', `item ${item} has none. Connect "Unknown Deliveries: List" in front.`);
		return id;
	});
	if (what === 'markSent') {
		const marked = new Set(await markDeliveriesSent(engine, ids));
		return [ids.map((id, item) => ({ json: { delivery: { id }, marked: marked.has(id) }, pairedItem: { item } }))];
	}
	const { claim, deliveries } = await sendUnknownAgain(engine, context.getExecutionId(), ids);
	if (!claim) return [[]];
	const begun = await acknowledgedAtEnd(context, engine, claim, async () => {
		engine.executions.hold(claim, deliveries.map(({ profile }) => profile.id));
		expect(context, claim);
		return deliveries;
	});
	return [begun.map((one) => ({ json: jsonOf(one), pairedItem: { item: ids.indexOf(one.id) } }))];
}

function jsonOf({ id, key, journey_key, step, instance_id, channel, claimed_at, error, profile }: UnknownDelivery): IDataObject {
	return {
		delivery: { id }, idempotencyKey: key, channel, claimed_at: claimed_at.toISOString(), error,
		journey: { key: journey_key, instance: instance_id, step }, profile,
	};
}
