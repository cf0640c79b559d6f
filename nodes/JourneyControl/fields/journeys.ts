import type { INodeProperties } from 'n8n-workflow';

const show = (...operation: string[]) => ({ show: { resource: ['journey'], operation } });
const notice = (name: string, displayName: string, ...operation: string[]): INodeProperties =>
	({ displayName, name, type: 'notice', default: '', displayOptions: show(...operation) });

/** A journey, from the list or by its key. */
export const journeyField = (displayOptions: INodeProperties['displayOptions']): INodeProperties => ({
	displayName: 'Journey',
	name: 'journey',
	type: 'resourceLocator',
	default: { mode: 'list', value: '' },
	required: true,
	displayOptions,
	modes: [
		{ displayName: 'From List', name: 'list', type: 'list', typeOptions: { searchListMethod: 'searchJourneys', searchable: true } },
		{ displayName: 'By Key', name: 'key', type: 'string', placeholder: 'e.g. cart-abandonment' },
	],
});

/** The operations on journeys, and their fields. */
export const journeyFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['journey'] } },
		options: [
			{ name: 'Archive', value: 'archive', description: 'Close a journey for good, when nobody is inside; its history stays', action: 'Archive a journey' },
			{ name: 'Close Entries', value: 'close', description: 'Let nobody in; those inside go on', action: 'Close the entries of a journey' },
			{ name: 'Evict', value: 'evict', description: 'Take everybody out, wherever they are', action: 'Take everybody out of a journey' },
			{ name: 'List', value: 'list', description: 'All journeys, their states, and who is where', action: 'List journeys' },
			{ name: 'Move People', value: 'move', description: 'Let everybody at one step begin to wait at another State', action: 'Move people to another state' },
			{ name: 'Open Entries', value: 'open', description: 'Let people in again', action: 'Open the entries of a journey' },
			{ name: 'Pause', value: 'pause', description: 'Keep everybody where they are; events still count', action: 'Pause a journey' },
			{ name: 'Pause All Sending', value: 'pauseSending', description: 'Hold all messages of all journeys back', action: 'Pause all sending' },
			{ name: 'Preview a Publish', value: 'preview', description: 'What publishing an edited workflow would do to the people who are in it', action: 'Preview a publish' },
			{ name: 'Restore From Archive', value: 'unarchive', description: 'Take an archived journey back', action: 'Restore a journey from the archive' },
			{ name: 'Resume', value: 'resume', description: 'Let everybody go on in a paused journey', action: 'Resume a journey' },
			{ name: 'Resume All Sending', value: 'resumeSending', description: 'Let messages go out again', action: 'Resume all sending' },
			{ name: 'Send Failed On', value: 'sendOn', description: 'Let everybody go on who was given up after repeated errors', action: 'Send failed people on' },
			{ name: 'Undo Last Publish', value: 'undo', description: 'Bring people back whom the last publish moved from a step that is there again', action: 'Undo what the last publish did to people' },
		],
		default: 'list',
	},
	journeyField(show('pause', 'resume', 'close', 'open', 'evict', 'archive', 'unarchive', 'move', 'sendOn', 'undo')),
	{ displayName: 'From Step', name: 'fromStep', type: 'string', required: true, default: '', placeholder: 'e.g. Wait for Order', displayOptions: show('move'), description: 'Where they wait: its name on the canvas, also one that was removed' },
	{ displayName: 'To State', name: 'toState', type: 'string', required: true, default: '', placeholder: 'e.g. Wait for Payment', displayOptions: show('move'), description: 'Its name on the canvas. They arrive there as if they had come to it now.' },
	{
		displayName: 'Spread Over (Minutes)',
		name: 'spreadMinutes',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 10,
		displayOptions: show('resume'),
		description: 'What fell due in the pause goes on spread over this time, so that nothing behind it is flooded. With 0, all at once.',
	},
	{
		displayName: 'Edited Workflow',
		name: 'workflow',
		type: 'json',
		required: true,
		default: '={{ $json }}',
		typeOptions: { rows: 4 },
		displayOptions: show('preview'),
		description: 'The workflow as it would be published, with its ID: from an n8n node, or what Download in the editor saves',
	},
	notice('previewNotice', 'Connect an n8n node in front (<i>Workflow: Get</i>): it hands on what stands in the editor. Says for each step who waits there and what becomes of them when that is published, which fields are empty or invalid, and which goals and outputs change. Nothing is written and nothing is published.', 'preview'),
	notice('undoNotice', 'First publish a version in which the steps are on the canvas again. Whoever still waits at the State to which they were moved goes back and waits on, as if they had not been away; who has gone on from there is left alone. What was moved is known for 7 days.', 'undo'),
	notice('pauseNotice', 'Nobody enters and nobody goes on. Whoever is on the way runs to their next State. Events are still matched, and nothing is lost.', 'pause'),
	notice('closeNotice', 'Nobody enters from now on; whoever triggers the journey is refused, and that is kept. Those inside go on.', 'close'),
	notice('evictNotice', '<b>Everybody leaves the journey now</b>, also those on their way. This cannot be undone. Close its entries first if nobody is to come after them.', 'evict'),
	notice('archiveNotice', 'Only when nobody is inside. Its history and reports stay, and entry limits still count it.', 'archive'),
	notice('sendingNotice', 'Across all journeys, <i>Check Before Sending</i> lets nobody through. Whoever comes there waits, and is checked anew once sending is resumed. What has passed already is sent.', 'pauseSending'),
];
