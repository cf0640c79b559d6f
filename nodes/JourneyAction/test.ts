import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { consentKey, consentName, skipReason, type Profile, type Recipient, type SendRules } from '../../lib/index';
import { raw } from '../shared/parameters';
import { eventName, list, otherKey, pairs } from './change';
import { readRules } from './check';

/** A run in the editor: shows on the sample what would happen; nobody gets to the mailer unless the user asks for it. */
export function testCheck(context: IExecuteFunctions): INodeExecutionData[][] {
	const items = context.getInputData();
	const rules = readRules(context);
	if (raw<string>(context, 'whenTesting', 'show') === 'send') {
		return [items.map(({ json }, item) => ({ json: { ...json, idempotencyKey: `test-${context.getExecutionId()}-${item}` }, pairedItem: { item } })), []];
	}
	hint(context, 'nobody was let through to the node that sends, and consent was asked only where the sample says something of it. Set When Testing to Really Send to send to the sample.');
	return [[], items.map(({ json }, item) => {
		const skipped = skipReason(rules, recipientOf(json, rules), 'skip');
		const would = skipped ? { would: 'be skipped', because: { reason: skipped.reason, ...skipped.detail } } : { would: 'be sent' };
		return { json: { ...json, skipped: { reason: 'test', ...would } }, pairedItem: { item } };
	})];
}

function recipientOf({ profile }: IDataObject, { channel, purpose }: SendRules): Recipient {
	const { consent, ...sample } = { ...(profile as IDataObject | undefined) } as Partial<Profile> & { consent?: Record<string, unknown> };
	const said = (key: string) => wordOf(Object.entries(consent ?? {}).find(([name]) => consentName(name) === key)?.[1]);
	const [whole, own] = [said(consentKey(channel, '')), said(consentKey(channel, purpose))];
	const isTakenBack = whole?.state === 'denied' && whole.at !== undefined && own?.at !== undefined && +new Date(whole.at) > +new Date(own.at);
	const { state } = (isTakenBack ? whole : (own ?? whole)) ?? {};
	return { profile: { attributes: {}, ...sample } as Profile, consent: state === 'denied' ? 'denied' : 'granted', unknown_consent: null, converted: false, skip_since: null };
}

/** Consent as people write it in a sample, `denied`, or as it is stored or shown. */
function wordOf(said: unknown): { state?: unknown; at?: string | number } | undefined {
	return typeof said === 'object' && said !== null ? said : typeof said === 'string' ? { state: said } : undefined;
}

/** A run in the editor: the sample goes on as if it had been changed, and nothing is stored. */
export function testChange(context: IExecuteFunctions, operation: string): INodeExecutionData[][] {
	const items = context.getInputData();
	if (operation === 'exit') {
		hint(context, `nobody left. In the published journey everybody would leave here, with the reason "${raw(context, 'reason', 'exit')}".`);
		return [];
	}
	hint(context, 'the items show what would change, and nothing was stored.');
	return [items.map(({ json, binary }, item) => ({ json: { ...json, ...changed(context, operation, json, item) }, binary, pairedItem: { item } }))];
}

function changed(context: IExecuteFunctions, operation: string, json: IDataObject, item: number): IDataObject {
	const profile = { ...(json.profile as IDataObject | undefined) };
	const tags = (profile.tags as string[] | undefined) ?? [];
	switch (operation) {
		case 'setContext':
			return { context: { ...(json.context as IDataObject), ...pairs(context, item) } as IDataObject };
		case 'setAttributes':
			return { profile: { ...profile, attributes: { ...(profile.attributes as IDataObject), ...pairs(context, item) } } as IDataObject };
		case 'deleteAttributes': {
			const gone = list(context, 'Attributes', raw(context, 'names', ''));
			const kept = Object.entries((profile.attributes as IDataObject | undefined) ?? {}).filter(([name]) => !gone.includes(name));
			return { profile: { ...profile, attributes: Object.fromEntries(kept) } };
		}
		case 'addTags': {
			const added = list(context, 'Tags', context.getNodeParameter('tags', item, ''));
			return { profile: { ...profile, tags: [...new Set([...tags, ...added])].sort() } };
		}
		case 'removeTags': {
			const removed = list(context, 'Tags', context.getNodeParameter('tags', item, ''));
			return { profile: { ...profile, tags: tags.filter((tag) => !removed.includes(tag)) } };
		}
		case 'startJourney':
			return { started: { journey: otherKey(context), data: pairs(context, item) } as IDataObject };
		case 'leaveJourney':
			return { left: { journey: otherKey(context), reason: raw(context, 'reason', 'left') } };
		default:
			return { recorded: { name: eventName(context), properties: pairs(context, item) } as IDataObject };
	}
}

function hint(context: IExecuteFunctions, what: string): void {
	context.addExecutionHints({ message: `This is a test: ${what}`, location: 'outputPane' });
}
