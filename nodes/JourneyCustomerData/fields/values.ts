import type { INodeProperties } from 'n8n-workflow';

/**
 * An object, given as fields or as JSON: `<name>Mode`, `<name>` (fields) and `<name>Json`.
 * @param plural what it is called, e.g. `Attributes`
 */
export function objectFields(name: string, plural: string, example: string, operation: string): INodeProperties[] {
	const show = (mode: string) => ({ show: { operation: [operation], [`${name}Mode`]: [mode] } });
	return [
		{
			displayName: `Specify ${plural}`,
			name: `${name}Mode`,
			type: 'options',
			noDataExpression: true,
			options: [{ name: 'Using Fields Below', value: 'fields' }, { name: 'Using JSON', value: 'json' }],
			default: 'fields',
			displayOptions: { show: { operation: [operation] } },
		},
		{
			displayName: plural,
			name,
			type: 'assignmentCollection',
			default: {},
			displayOptions: show('fields'),
		},
		{
			displayName: plural,
			name: `${name}Json`,
			type: 'json',
			default: example,
			displayOptions: show('json'),
		},
	];
}

/** When it happened. */
export const time: INodeProperties = {
	displayName: 'Time',
	name: 'time',
	type: 'dateTime',
	default: '',
	description: 'When it happened, if that was not just now. At most 5 minutes in the future.',
};
