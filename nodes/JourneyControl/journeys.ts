import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import { changeJourney, changeSettings, evict, listedJourneys, movePeople, resumeJourney, sendFailedOn, type Engine, type JourneyVerb, type Listed } from '../../lib/index';
import { fieldError, text } from '../shared/parameters';
import { whoAsks } from './who';

/** What the panel offers for journeys. */
export const JOURNEY_OPERATIONS = {
	list: async (_context: IExecuteFunctions, { store }: Engine) => (await listedJourneys(store)).map(itemOf),
	pause: verb('pause'),
	resume,
	close: verb('close'),
	open: verb('open'),
	evict: takeOut,
	move,
	sendOn,
	archive: verb('archive'),
	unarchive: verb('unarchive'),
	pauseSending: sending(true),
	resumeSending: sending(false),
};

const MOST_MINUTES = 7 * 24 * 60;

/** The key that the panel names. */
export function journeyKey(context: IExecuteFunctions, item = 0): string {
	const key = String(context.getNodeParameter('journey', item, '', { extractValue: true })).trim();
	if (key === '') throw fieldError(context.getNode(), 'Journey', 'is empty. Choose a journey, or enter its key.');
	return key;
}

/** Runs what the store may refuse; the refusal then names the node. */
export async function refusing<T>(context: IExecuteFunctions, work: () => Promise<T>): Promise<T> {
	return await work().catch((error: Error) => {
		throw new NodeOperationError(context.getNode(), error);
	});
}

function verb(what: JourneyVerb) {
	return async (context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData> => {
		const key = journeyKey(context);
		await refusing(context, async () => await changeJourney(engine.store, key, what, whoAsks(context)));
		return itemOf((await listedJourneys(engine.store, [key]))[0]!);
	};
}

async function resume(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData> {
	const key = journeyKey(context);
	const minutes = context.getNodeParameter('spreadMinutes', 0, 10) as number;
	if (!(minutes >= 0 && minutes <= MOST_MINUTES)) throw fieldError(context.getNode(), 'Spread Over (Minutes)', `found ${minutes}. Enter 0 to ${MOST_MINUTES}.`);
	const due = await refusing(context, async () => await resumeJourney(engine.store, key, minutes * 60_000, whoAsks(context)));
	engine.announce();
	const item = itemOf((await listedJourneys(engine.store, [key]))[0]!);
	return { ...item, json: { ...item.json, due } };
}

async function takeOut(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const key = journeyKey(context);
	const evicted = await refusing(context, async () => await evict(store, key, 'evicted', whoAsks(context)));
	const item = itemOf((await listedJourneys(store, [key]))[0]!);
	return { ...item, json: { ...item.json, evicted } };
}

/** Everybody who waits at one step begins to wait at another State. */
async function move(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData> {
	const [key, from, to] = [journeyKey(context), text(context, 'fromStep', 'From Step'), text(context, 'toState', 'To State')];
	const moved = await refusing(context, async () => await movePeople(engine, key, 'everybody', from, to, whoAsks(context)));
	return { json: { journey: key, from, to, moved }, pairedItem: { item: 0 } };
}

/** Everybody who was given up goes on. */
async function sendOn(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData> {
	const key = journeyKey(context);
	const sentOn = await refusing(context, async () => await sendFailedOn(engine, key, 'everybody', whoAsks(context)));
	return { json: { journey: key, sentOn }, pairedItem: { item: 0 } };
}

/** Stops messages across journeys, or lets them go on. */
function sending(paused: boolean) {
	return async (context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData> => {
		await changeSettings(engine.store, { sendingPaused: paused }, whoAsks(context));
		if (!paused) engine.announce();
		return { json: { sendingPaused: paused }, pairedItem: { item: 0 } };
	};
}

function itemOf({ since, ...journey }: Listed): INodeExecutionData {
	return { json: { ...journey, since: since?.toISOString() ?? null } as IDataObject, pairedItem: { item: 0 } };
}
