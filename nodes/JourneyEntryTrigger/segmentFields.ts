import type { INodeProperties } from 'n8n-workflow';

import { nameField } from '../shared/suggestions';

const show = (more: object = {}) => ({ show: { entry: ['segment'], ...more } });

/** What *On Joining or Leaving a Segment* asks for. */
export const segmentFields: INodeProperties[] = [
	{
		...nameField('segment', {
			displayName: 'Segment', name: 'segment', placeholder: 'e.g. Big spenders',
			description: 'An audience that was saved with Journey Control → Segment → Save',
		}),
		required: true,
		displayOptions: show(),
	},
	{
		displayName: 'When',
		name: 'membership',
		type: 'options',
		noDataExpression: true,
		default: 'joined',
		displayOptions: show(),
		options: [
			{ name: 'They Join It', value: 'joined', description: 'They match it, and did not before' },
			{ name: 'They Leave It', value: 'left', description: 'They matched it, and do not any more' },
		],
	},
	{
		displayName: 'Who Is in It Already',
		name: 'existing',
		type: 'options',
		noDataExpression: true,
		default: 'none',
		displayOptions: show({ membership: ['joined'] }),
		options: [
			{ name: 'Does Not Enter', value: 'none', description: 'Only who joins from the publication on' },
			{ name: 'Enters as Well', value: 'everyone', description: 'Once, when this is published for the first time with this segment' },
		],
	},
	{
		displayName: 'In Numbers',
		name: 'numbers',
		type: 'resourceMapper',
		noDataExpression: true,
		// What the editor makes of an empty one: otherwise looking at it would change it.
		default: { mappingMode: 'defineBelow', value: {}, matchingColumns: [], schema: [], attemptToConvertTypes: false, convertFieldsToString: false },
		displayOptions: show(),
		typeOptions: {
			loadOptionsDependsOn: ['segment', 'membership', 'existing', 'options'],
			resourceMapper: { resourceMapperMethod: 'segmentInNumbers', mode: 'map', supportAutoMap: false, fieldWords: { singular: 'sentence', plural: 'the sentence' } },
		},
	},
];
