import type { ILoadOptionsFunctions, INodeListSearchResult, INodeProperties } from 'n8n-workflow';

import { suggest, type Suggested } from '../../lib/index';
import { journeyEngine } from './engine';

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

/** What a message or a consent is for. @param preset what it is unless something else is said; empty: all purposes */
export function purposeField(preset: string, description: string): INodeProperties {
	const field = nameField('purpose', { displayName: 'Purpose', name: 'purpose', placeholder: 'e.g. newsletter', description });
	const [list, ...others] = field.modes!;
	return { ...field, default: { mode: 'list', value: preset }, modes: [{ ...list!, placeholder: preset === '' ? 'All purposes' : 'Seen so far' }, ...others] };
}

const METHODS = {
	event: 'suggestEvents', property: 'suggestProperties', attribute: 'suggestAttributes', tag: 'suggestTags',
	purpose: 'suggestPurposes', segment: 'suggestSegments', trait: 'suggestTraits', journey: 'suggestJourneys',
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
