import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import { eraseProfile, exitCustomer, explain, exportProfile, movePeople, readIdentity, sendFailedOn, type Engine, type Identity } from '../../lib/index';
import { text } from '../shared/parameters';
import { journeyKey } from './journeys';
import { whoAsks } from './who';

/** A story as long as anybody reads. */
const MOST_SENTENCES = 1_000;

type Ask = (context: IExecuteFunctions, engine: Engine, item: number) => Promise<INodeExecutionData[]>;

/** What the panel offers for one customer, asked for each item. */
export const CUSTOMER_OPERATIONS: Record<string, Ask> = {
	story,
	sendOn: async (context, engine, item) => {
		const revived = await sendFailedOn(engine, journeyKey(context, item), customer(context, item), whoAsks(context));
		return answer({ sentOn: revived }, item);
	},
	move: async (context, engine, item) => {
		const to = text(context, 'toState', 'To State', item);
		const moved = await movePeople(engine, journeyKey(context, item), customer(context, item), undefined, to, whoAsks(context));
		return answer({ moved }, item);
	},
	exit: async (context, engine, item) => {
		const reason = text(context, 'reason', 'Reason', item);
		const ended = await exitCustomer(engine, journeyKey(context, item), customer(context, item), reason, whoAsks(context));
		return answer({ ended }, item);
	},
	export: async (context, { store }, item) => answer({ ...(await exportProfile(store, customer(context, item), whoAsks(context))) }, item),
	erase: async (context, { store }, item) => answer({ ...(await eraseProfile(store, customer(context, item), whoAsks(context))) }, item),
};

async function story(context: IExecuteFunctions, { store }: Engine, item: number): Promise<INodeExecutionData[]> {
	const [told] = await explain(store, [{ identity: customer(context, item), journey: journeyKey(context, item), limit: MOST_SENTENCES, skip: 0 }]);
	if ('problem' in told!) throw new NodeOperationError(context.getNode(), told.problem, { itemIndex: item });
	return told!.map((one) => ({ json: { ...one }, pairedItem: { item } }));
}

/** The customer whom the panel names. @throws NodeOperationError naming the field */
function customer(context: IExecuteFunctions, item: number): Identity {
	try {
		return readIdentity(context.getNodeParameter('identityKind', item), context.getNodeParameter('identity', item));
	} catch (error) {
		throw new NodeOperationError(context.getNode(), (error as Error).message, { itemIndex: item });
	}
}

function answer(json: object, item: number): INodeExecutionData[] {
	return [{ json: json as IDataObject, pairedItem: { item } }];
}
