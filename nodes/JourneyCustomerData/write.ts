import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { keepRefused, ownEventOf, readEngagement, recordEngagements, startProblems, storeClock, storeCustomerData, storeHistory, type Engagement, type IntakeEntry, type Reading } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { raw } from '../shared/parameters';
import { inBatches, journeyOf, type Outcome } from './batch';
import type { READERS } from './entry';
import type { Panel } from './panel';

/**
 * Stores events and changes of profiles; each item comes back with the profile as it is then. Of history only the counts
 * come back: a million profiles would fill n8n's memory for nothing.
 */
export async function storeItems(
	context: IExecuteFunctions, panel: Panel, read: (typeof READERS)[keyof typeof READERS], stores: boolean,
): Promise<INodeExecutionData[]> {
	const reading = await readingOf(context, stores);
	const messageId = automaticId(context);
	const readItem = (item: number): IntakeEntry => {
		const entry = read(panel, item, reading);
		return entry.event && entry.messageId === undefined && messageId ? { ...entry, messageId: messageId(item) } : entry;
	};
	const loads = reading.history && stores && !context.getInputData().some(({ json }) => journeyOf(json));
	const loaded = { events: 0, duplicates: 0 };
	const items = await inBatches(context, readItem, async (entries) => {
		if (!stores) return entries.map(shown);
		if (loads) {
			const { events, duplicates } = await storeHistory(await journeyEngine(context), entries);
			loaded.events += events;
			loaded.duplicates += duplicates;
			return entries.map(() => []);
		}
		const wrong = await startProblems(await journeyEngine(context), entries.flatMap((entry) => startedBy(entry) ?? []));
		const problemOf = (entry: IntakeEntry) => wrong.get(startedBy(entry) ?? '');
		const good = entries.filter((entry) => problemOf(entry) === undefined);
		const stored = await storeCustomerData(await journeyEngine(context), good, reading.history);
		const profiles = new Map(good.map((entry, at) => [entry, stored[at]]));
		return entries.map((entry): Outcome => {
			const problem = problemOf(entry);
			if (problem !== undefined) return { problem };
			const profile = profiles.get(entry);
			// Only a repetition leaves nobody behind.
			return profile ? [{ profile, ...told(entry) }] : { problem: `Message ID "${entry.messageId}" was taken in before, for another customer: give each event its own` };
		});
	}, async (refused) => (stores ? await keepRefused(await journeyEngine(context), refused) : undefined));
	return loads ? [...items, { json: { history: loaded }, pairedItem: { item: 0 } }] : items;
}

/** Records what became of messages. */
export async function recordItems(context: IExecuteFunctions, panel: Panel, stores: boolean): Promise<INodeExecutionData[]> {
	const reading = await readingOf(context, stores);
	const read = (index: number): Engagement => {
		const { time, detail } = panel<{ time?: unknown; detail?: unknown }>('messageOptions', index, {});
		const findBy = panel<Engagement['findBy']>('messageBy', index, 'key');
		return readEngagement({ index, findBy, message: panel<unknown>('message', index, ''), kind: panel<unknown>('engagement', index, ''), time, detail }, reading);
	};
	return await inBatches(context, read, async (engagements) => {
		if (!stores) return engagements.map(({ kind, at, message, detail }) => [{ test: true, message, engagement: kind, at: at.toISOString(), detail }]);
		const engaged = await recordEngagements(await journeyEngine(context), engagements);
		return engagements.map(({ index, kind, at, message, findBy }): Outcome => {
			const one = engaged.get(index);
			const name = findBy === 'key' ? 'idempotency key' : 'provider’s message ID';
			if (!one) return { problem: `no message has the ${name} "${message}": check the value, and that the message was sent behind a Check Before Sending` };
			if (one.matches > 1) return { problem: `${one.matches} messages have the ${name} "${message}": find this one by its idempotency key` };
			return [{ delivery: one.delivery_id, channel: one.channel, engagement: kind, at: at.toISOString(), profile: { id: one.profile_id } }];
		});
	});
}

async function readingOf(context: IExecuteFunctions, stores: boolean): Promise<Reading> {
	const { history } = raw<{ history?: boolean }>(context, 'eventOptions', {});
	const now = stores ? await storeClock(await journeyEngine(context)) : new Date();
	// An option of Track that another operation does not show stays in the panel.
	return { now, zone: context.getTimezone(), history: history === true && raw(context, 'operation', 'track') === 'track' };
}

/**
 * An id for events that bring none, so that n8n's retries of this execution are recognised. An AI agent calls its tool
 * again and again within one run, which are different events.
 */
function automaticId(context: IExecuteFunctions): ((item: number) => string) | undefined {
	const execution = context.getExecutionId();
	const { id, type } = context.getNode();
	if (!execution || type.endsWith('Tool')) return undefined;
	const run = (context.getWorkflowDataProxy(0) as unknown as { $runIndex: number }).$runIndex;
	return (item) => `n8n:${context.getInstanceId()}:${execution}:${id}:${run}:${item}`;
}

/** The key of the journey that an entry starts. */
function startedBy({ event }: IntakeEntry): string | undefined {
	const own = event && ownEventOf(event.name);
	return own?.kind === 'start' ? own.about : undefined;
}

/** What a test shows of an entry. */
function shown(entry: IntakeEntry): object[] {
	const { identities, change } = entry;
	return [{ test: true, identities, ...(change && Object.keys(change).length > 0 ? { change } : {}), ...told(entry) }];
}

function told({ event, occurredAt, messageId }: IntakeEntry): object {
	return event ? { event: { name: event.name, properties: event.properties, occurred_at: occurredAt.toISOString(), message_id: messageId ?? null } } : {};
}
