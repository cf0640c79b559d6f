import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { listedJourneys } from '../../lib/index';
import { journeyEngine } from '../shared/engine';

/** The journeys of the store, for the list of a field. */
export async function searchJourneys(this: ILoadOptionsFunctions, filter = ''): Promise<INodeListSearchResult> {
	const { store } = await journeyEngine(this);
	const wanted = (text: string) => text.toLowerCase().includes(filter.toLowerCase());
	const journeys = (await listedJourneys(store)).filter(({ key, name }) => wanted(key) || wanted(name));
	return { results: journeys.map(({ key, name, state }) => ({ name: `${name} (${state})`, value: key })) };
}
