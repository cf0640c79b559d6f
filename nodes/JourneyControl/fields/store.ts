import type { INodeProperties } from 'n8n-workflow';

const show = (...operation: string[]) => ({ show: { resource: ['store'], operation } });

/** The operations on the store, and their fields. */
export const storeFields: INodeProperties[] = [
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['store'] } },
		options: [
			{ name: 'Back Up', value: 'backup', description: 'Make a copy of everything as a file, while journeys run', action: 'Back up the store' },
			{ name: 'Check Health', value: 'health', description: 'What is late, failed, unknown or silent, in numbers and warnings', action: 'Check the health of all journeys' },
			{ name: 'Get Status', value: 'status', description: 'How many people wait, how large the store is, whether it is paused, and what there is to do', action: 'Get the status of the store' },
			{ name: 'Resume After a Restore', value: 'resume', description: 'Let everybody go on in a store that was restored from a backup', action: 'Resume the store after a restore' },
		],
		default: 'status',
	},
	{
		displayName: 'Late After (Minutes)',
		name: 'latenessMinutes',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 5,
		displayOptions: show('health'),
		description: 'Warn when somebody has been due for longer, in a journey that is not paused',
	},
	{
		displayName: 'No Events for (Hours)',
		name: 'hoursWithoutEvents',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 24,
		displayOptions: show('health'),
		description: 'Warn when no event has come in for so long. With 0, never.',
	},
	{
		displayName: 'Put Output File in Field',
		name: 'binaryPropertyName',
		type: 'string',
		default: 'data',
		required: true,
		hint: 'The name of the output binary field to put the file in',
		displayOptions: show('backup'),
	},
	{
		displayName: 'Connect a node that puts the file somewhere safe: S3, Google Drive, SFTP, Read/Write Files From Disk. A backup is restored with the command <code>n8n-nodes-journey restore</code>, while n8n is stopped.',
		name: 'backupNotice',
		type: 'notice',
		default: '',
		displayOptions: show('backup'),
	},
	{
		displayName: 'What Fell Due Since the Backup',
		name: 'answer',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Skip', value: 'skip', description: 'People go on, and Check Before Sending lets no message through that may have been sent before' },
			{ name: 'Go On', value: 'go_on', description: 'Everything goes on: messages that were sent after the backup was made are sent again' },
		],
		default: 'skip',
		displayOptions: show('resume'),
	},
	{
		displayName: 'For a store that was restored from a backup: nobody moves in it until you choose. <b>Skip</b>: everybody goes on, but messages that may have been sent after the backup was made leave <i>Check Before Sending</i> by <i>Skipped</i>. <b>Go On</b>: they are sent, perhaps a second time.',
		name: 'resumeNotice',
		type: 'notice',
		default: '',
		displayOptions: show('resume'),
	},
];
