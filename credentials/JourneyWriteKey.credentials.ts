import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

/** The write keys that senders of events show to the Journey Event Collector Trigger. */
export class JourneyWriteKey implements ICredentialType {
	name = 'journeyWriteKey';

	displayName = 'Journey Write Key';

	icon: Icon = { light: 'file:journeyWriteKey.svg', dark: 'file:journeyWriteKey.dark.svg' };

	properties: INodeProperties[] = [
		{
			displayName: 'Write Key',
			name: 'writeKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			placeholder: 'A long random text',
			description: 'What your shop or app sends with its events, e.g. the writeKey of Segment’s libraries. Choose a long random text. Whoever knows it can write events, but read nothing.',
		},
		{
			displayName: 'Second Write Key',
			name: 'secondWriteKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'To change the key without losing events: enter the new key here, move all senders to it, then make it the first one and empty this field. Both are valid at the same time.',
		},
	];
}
