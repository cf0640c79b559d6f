import { readEntry, readObject, readText, Refusal, startEvent, type IntakeEntry, type Reading } from '../../lib/index';
import { objectOf } from './object';
import type { Panel } from './panel';
import { finder, otherIdentities } from './person';

export type WriteOperation = 'track' | 'start' | 'upsert' | 'addIdentity' | 'addTags' | 'removeTags' | 'setConsent';

interface Options {
	identities?: Parameters<typeof otherIdentities>[0];
	messageId?: unknown;
	time?: unknown;
	zone?: unknown;
	locale?: unknown;
}

type Reader = (panel: Panel, index: number, reading: Reading) => IntakeEntry;

/** What each operation makes of one item. @throws Refusal or TimeRuleError naming the field */
export const READERS: Record<WriteOperation, Reader> = {
	track(panel, index, reading) {
		const { time, messageId, identities } = panel<Options>('eventOptions', index, {});
		const event = { name: panel<unknown>('event', index, ''), properties: objectOf(panel, index, 'properties', 'Properties') };
		return readEntry({ index, identities: [finder(panel, index), ...otherIdentities(identities)], event, time, messageId }, reading);
	},
	start(panel, index, reading) {
		const name = startEvent(readText(panel<unknown>('journey', index, ''), 'Journey Key'));
		const { messageId } = panel<Options>('startOptions', index, {});
		const entry = readEntry({ index, identities: [finder(panel, index)], messageId }, reading);
		return { ...entry, event: { name, properties: readObject(objectOf(panel, index, 'data', 'Data'), 'Data') } };
	},
	upsert(panel, index, reading) {
		const { time, zone, locale, identities } = panel<Options>('profileOptions', index, {});
		const change = { attributes: objectOf(panel, index, 'attributes', 'Attributes'), zone, locale };
		return readEntry({ index, identities: [finder(panel, index), ...otherIdentities(identities)], change, time }, reading);
	},
	addIdentity(panel, index, reading) {
		const others = otherIdentities(panel('identities', index, {}));
		if (others.length === 0) throw new Refusal('Also Known As is empty: add the identity that belongs to the same customer');
		return { ...readEntry({ index, identities: [finder(panel, index), ...others], change: {} }, reading), alias: true };
	},
	addTags: (panel, index, reading) =>
		readEntry({ index, identities: [finder(panel, index)], change: { addTags: panel<unknown>('tags', index, '') ?? '' } }, reading),
	removeTags: (panel, index, reading) =>
		readEntry({ index, identities: [finder(panel, index)], change: { removeTags: panel<unknown>('tags', index, '') ?? '' } }, reading),
	setConsent(panel, index, reading) {
		const consent = {
			channel: panel<unknown>('channel', index, 'email'), purpose: purposeOf(panel, index), state: panel<unknown>('consent', index, 'granted'),
		};
		const { time } = panel<Options>('changeOptions', index, {});
		return readEntry({ index, identities: [finder(panel, index)], change: { consent }, time }, reading);
	},
};

/** What *Purpose* is, whatever an expression made of it; undefined: the field was left clear, which means all purposes. */
function purposeOf(panel: Panel, index: number): unknown {
	const field = panel<unknown>('purpose', index, '');
	const chosen = typeof field === 'object' && field !== null && '__rl' in field;
	const purpose = chosen ? (field as { value?: unknown }).value : field;
	const isClear = purpose === '' || purpose === undefined || purpose === null;
	return isClear && !panel.isWorkedOut('purpose') ? undefined : purpose ?? null;
}
