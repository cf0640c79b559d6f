import type { ICredentialType, INodeProperties } from 'n8n-workflow';

/** The Postgres where people wait. Without it a node uses `JOURNEY_STORE_URL`, else the embedded store. */
export class JourneyStore implements ICredentialType {
	name = 'journeyStore';

	displayName = 'Journey Store';

	icon = { light: 'file:journeyStore.svg', dark: 'file:journeyStore.dark.svg' } as const;

	documentationUrl = 'https://www.npmjs.com/package/n8n-nodes-journey';

	properties: INodeProperties[] = [
		{
			displayName: 'Postgres 15 or newer. Select the same credential in every journey node of a workflow. It may be n8n’s own database: everything lives in a schema of its own.',
			name: 'notice',
			type: 'notice',
			default: '',
		},
		{ displayName: 'Host', name: 'host', type: 'string', default: 'localhost', required: true },
		{ displayName: 'Port', name: 'port', type: 'number', default: 5432, required: true },
		{ displayName: 'Database', name: 'database', type: 'string', default: 'postgres', required: true },
		{ displayName: 'User', name: 'user', type: 'string', default: 'postgres', required: true },
		{ displayName: 'Password', name: 'password', type: 'string', typeOptions: { password: true }, default: '' },
		{
			displayName: 'Schema',
			name: 'schema',
			type: 'string',
			default: 'journey',
			required: true,
			description: 'Made if it is not there. Two installations that must not see each other’s customers use two schemas.',
		},
		{
			displayName: 'SSL',
			name: 'ssl',
			type: 'options',
			options: [
				{ name: 'Off', value: 'disable' },
				{ name: 'On, Certificate Not Checked', value: 'allow', description: 'Protects against listeners, not against a false server' },
				{ name: 'On, Certificate Checked', value: 'verify' },
			],
			default: 'disable',
		},
		{
			displayName: 'CA Certificate',
			name: 'ca',
			type: 'string',
			typeOptions: { rows: 4, password: true },
			default: '',
			displayOptions: { show: { ssl: ['verify'] } },
			description: 'In PEM form, when the server’s certificate is signed by your own authority',
		},
	];
}
