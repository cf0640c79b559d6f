import type { ICredentialType, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

const SSL: INodePropertyOptions[] = [
	{ name: 'Off', value: 'disable' },
	{ name: 'On, Certificate Not Checked', value: 'allow', description: 'Protects against listeners, not against a false server' },
	{ name: 'On, Certificate Checked', value: 'verify' },
];

const certificate = (name: string): INodeProperties => ({
	displayName: 'CA Certificate',
	name,
	type: 'string',
	typeOptions: { rows: 4, password: true },
	default: '',
	description: 'In PEM form, when the server’s certificate is signed by your own authority',
});

const displayOptions = { show: { redis: [true] } };

const redisFields: INodeProperties[] = [
	{ displayName: 'Redis Host', name: 'redisHost', type: 'string', default: 'localhost', required: true, displayOptions },
	{ displayName: 'Redis Port', name: 'redisPort', type: 'number', default: 6379, required: true, displayOptions },
	{ displayName: 'Redis User', name: 'redisUser', type: 'string', default: '', displayOptions, description: 'Leave it empty for the default user' },
	{ displayName: 'Redis Password', name: 'redisPassword', type: 'string', typeOptions: { password: true }, default: '', displayOptions },
	{ displayName: 'Redis Database', name: 'redisDatabase', type: 'number', default: 0, displayOptions },
	{ displayName: 'Redis SSL', name: 'redisSsl', type: 'options', options: SSL, default: 'disable', displayOptions },
	{ ...certificate('redisCa'), displayName: 'Redis CA Certificate', displayOptions: { show: { redis: [true], redisSsl: ['verify'] } } },
	{
		displayName: 'Event Stream',
		name: 'stream',
		type: 'string',
		default: 'journey:events',
		placeholder: 'No stream is read',
		displayOptions,
		description: 'Name of the stream that events are read from. It is made if it is not there; leave it empty to read none. Two stores that read the same stream need two groups, or each gets a part of the events.',
	},
	{
		displayName: 'Consumer Group',
		name: 'group',
		type: 'string',
		default: 'journey',
		required: true,
		displayOptions,
		description: 'Made if it is not there. It remembers what was read.',
	},
];

/** The Postgres where people wait, and a Redis beside it if there is one. Without it a node uses `JOURNEY_STORE_URL`, else the embedded store. */
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
			options: SSL,
			default: 'disable',
		},
		{ ...certificate('ca'), displayOptions: { show: { ssl: ['verify'] } } },
		{
			displayName: 'Use Redis',
			name: 'redis',
			type: 'boolean',
			default: false,
			description: 'Whether to use a Redis 6.2 or newer as well: journeys read events from a stream there, n8n’s processes wake each other through it, and they share the collector’s rate limits. Without it everything works, too.',
		},
		...redisFields,
	];
}
