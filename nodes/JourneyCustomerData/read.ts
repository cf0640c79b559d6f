import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { countJourneys, explain, findCustomers, kindName, readText, Refusal, type Question } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { inBatches, type Outcome } from './batch';
import type { Panel } from './panel';
import { finder } from './person';

const MOST_SENTENCES = 1000;

/** Profiles with identities, consent and the journeys they are in. */
export async function getProfiles(context: IExecuteFunctions, panel: Panel): Promise<INodeExecutionData[]> {
	return await inBatches(context, (item) => finder(panel, item), async (identities) => {
		const customers = await findCustomers(await journeyEngine(context), identities);
		return identities.map(({ kind, value }, at): Outcome => {
			const customer = customers[at];
			return customer ? [customer] : { problem: `no customer has the ${kindName(kind)} "${value}": check the value, or create the profile first` };
		});
	});
}

/** Stories, an item for each sentence. */
export async function explainItems(context: IExecuteFunctions, panel: Panel): Promise<INodeExecutionData[]> {
	const read = (item: number): Question => ({
		identity: finder(panel, item),
		journey: readText(panel<unknown>('journey', item, ''), 'Journey Key'),
		limit: whole(panel<unknown>('limit', item, 50), 'Limit', 1, MOST_SENTENCES),
		skip: whole(panel<{ skip?: unknown }>('explainOptions', item, {}).skip ?? 0, 'Skip', 0, 1e6),
	});
	return await inBatches(context, read, async (questions) => await explain((await journeyEngine(context)).store, questions));
}

/** Journeys in numbers, one item each. */
export async function countItems(context: IExecuteFunctions, panel: Panel): Promise<INodeExecutionData[]> {
	const read = (item: number): string => readText(panel<unknown>('journey', item, ''), 'Journey Key');
	return await inBatches(context, read, async (keys) => {
		const counted = await countJourneys((await journeyEngine(context)).store, keys);
		return counted.map((one): Outcome => ('problem' in one ? one : [one]));
	});
}

function whole(value: unknown, field: string, least: number, most: number): number {
	if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
	throw new Refusal(`${field} must be a whole number from ${least} to ${most}, found ${JSON.stringify(value)}`);
}
