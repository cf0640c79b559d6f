import type { ILoadOptionsFunctions, INodeListSearchResult, INodeProperties } from 'n8n-workflow';

import { suggest, type Suggested } from '../../lib/index';
import { journeyEngine } from './engine';

/** A name as a panel holds it: typed, or chosen from those seen so far. */
export type RawName = string | { __rl: true; mode: string; value: unknown };

/** The name itself. */
export function nameOf(raw: RawName | undefined): string {
	const value = typeof raw === 'object' ? raw.value : raw;
	return typeof value === 'string' ? value.trim() : '';
}

/** A name that is chosen from those seen so far, or typed. */
export function nameField(what: Suggested, field: Pick<INodeProperties, 'displayName' | 'name' | 'placeholder' | 'description'>): INodeProperties {
	return {
		...field,
		type: 'resourceLocator',
		noDataExpression: true,
		default: { mode: 'list', value: '' },
		modes: [
			{ displayName: 'List', name: 'list', type: 'list', placeholder: 'Seen so far', typeOptions: { searchListMethod: METHODS[what], searchable: true } },
			{ displayName: 'Name', name: 'name', type: 'string', placeholder: field.placeholder },
		],
	};
}

const METHODS = {
	event: 'suggestEvents', property: 'suggestProperties', attribute: 'suggestAttributes', tag: 'suggestTags',
	segment: 'suggestSegments', trait: 'suggestTraits', journey: 'suggestJourneys',
} as const satisfies Record<Suggested, string>;

function search(what: Suggested) {
	return async function (this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
		const { store } = await journeyEngine(this);
		return { results: (await suggest(store, what, filter ?? '')).map(({ name, about }) => ({ name: about ? `${name} (${about})` : name, value: name })) };
	};
}

/** What a node with such fields offers as its `methods`. */
export const suggestions = {
	listSearch: Object.fromEntries(Object.entries(METHODS).map(([what, method]) => [method, search(what as Suggested)])),
};
