import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import {
	endInJourney, leave, loadPeople, nameOf, readEventName, startEvent, startProblems, takeIn, writeContext, type Engine, type IntakeEntry, type Json, type RawName, type Running,
} from '../../lib/index';
import { arriving } from '../shared/arriving';
import { itemOf } from '../shared/execution';
import { checked, fieldError, raw } from '../shared/parameters';
import { placeOf } from '../shared/place';

interface Pair {
	name: string;
	value: unknown;
}

/** Everything that an Action does besides checking: profile, tags, journey values, events, leaving. */
export async function change(context: IExecuteFunctions, engine: Engine, operation: string): Promise<INodeExecutionData[][]> {
	const { claim, people, now } = await arriving(context, engine);
	if (operation === 'exit') {
		const reason = raw(context, 'reason', 'exit').trim() || 'exit';
		await leave(engine, claim, people.map(({ running }) => running.id), reason);
		return [];
	}
	if (operation === 'setContext') {
		await writeContext(engine, claim, people.map(({ running, item }) => ({ id: running.id, values: pairs(context, item) })));
	} else if (operation === 'leaveJourney') {
		await leaveOther(context, engine, people.map(({ running }) => running));
	} else {
		if (operation === 'startJourney') await checkStart(context, engine);
		const step = await engine.step(placeOf(context, 'action'));
		const entries = people.map(({ running, item }, index) => entryOf(context, operation, running, item, { index, step: step.id, now }));
		const { woken, candidates, conversions } = await takeIn(engine.store, 'action', entries, [], { match: true, by: claim });
		if (woken + candidates + conversions > 0) engine.announce();
	}
	// What was written is visible to the next step; who was taken out by it (an event that is a goal) is not there any more.
	const after = await loadPeople(engine, claim, people.map(({ running }) => running.id));
	const byId = new Map(after.running.map((one) => [one.id, one]));
	const items = context.getInputData();
	return [
		people.flatMap(({ running, item }) => {
			const one = byId.get(running.id);
			return one ? [itemOf(context, claim.token, one, item, items[item]!.json)] : [];
		}),
	];
}

function entryOf(
	context: IExecuteFunctions, operation: string, running: Running, item: number, at: { index: number; step: number; now: Date },
): IntakeEntry {
	const entry = { index: at.index, identities: [], instance: running.id, occurredAt: at.now };
	switch (operation) {
		case 'setAttributes':
			return { ...entry, change: { attributes: pairs(context, item) } };
		case 'deleteAttributes':
			return { ...entry, change: { attributes: Object.fromEntries(list(context, 'Attributes', raw(context, 'names', '')).map((name) => [name, null])) } };
		case 'addTags':
			return { ...entry, change: { addTags: list(context, 'Tags', context.getNodeParameter('tags', item, '')) } };
		case 'removeTags':
			return { ...entry, change: { removeTags: list(context, 'Tags', context.getNodeParameter('tags', item, '')) } };
		default: {
			const name = operation === 'startJourney' ? startEvent(otherKey(context)) : eventName(context);
			// A retry of the same visit is the same event.
			return { ...entry, event: { name, properties: pairs(context, item) }, messageId: `journey:${running.id}:${at.step}:${running.visit}` };
		}
	}
}

/** The event to record. @throws NodeOperationError */
export function eventName(context: IExecuteFunctions): string {
	const name = nameOf(raw<RawName>(context, 'event', ''));
	if (name === '') throw fieldError(context.getNode(), 'Event', 'is empty. Enter the name of the event to record.');
	return checked(context, 'Event', () => readEventName(name));
}

/** The key of the journey that an Action starts or leaves. @throws NodeOperationError */
export function otherKey(context: IExecuteFunctions): string {
	const key = raw(context, 'journey', '').trim();
	if (key === '') throw fieldError(context.getNode(), 'Journey Key', 'is empty. Enter the key of the other journey; it stands in its Entry Trigger’s options.');
	return key;
}

async function checkStart(context: IExecuteFunctions, engine: Engine): Promise<void> {
	const key = otherKey(context);
	const problem = (await startProblems(engine, [key])).get(key);
	if (problem !== undefined) throw fieldError(context.getNode(), 'Journey Key', `${problem}.`);
}

async function leaveOther(context: IExecuteFunctions, engine: Engine, people: Running[]): Promise<void> {
	const key = otherKey(context);
	if (people[0]?.journey_key === key) {
		throw fieldError(context.getNode(), 'Journey Key', `"${key}" is this journey. Choose the operation Leave the Journey.`);
	}
	const reason = raw(context, 'reason', 'left').trim() || 'left';
	const answer = await endInJourney(engine, key, people.map(({ profile }) => profile.id), reason);
	if ('problem' in answer) throw fieldError(context.getNode(), 'Journey Key', `${answer.problem}.`);
}

const PLURALS = { setAttributes: 'Attributes', setContext: 'Journey Values', recordEvent: 'Properties', startJourney: 'Data' };

export function pairs(context: IExecuteFunctions, item: number): Json {
	const given = context.getNodeParameter('attributes.attribute', item, []) as Pair[];
	const plural = PLURALS[raw<keyof typeof PLURALS>(context, 'operation', 'setAttributes')];
	const named = given.map(({ name, value }) => {
		if (name.trim() === '') throw fieldError(context.getNode(), plural, 'one has no name. Give it one or remove it.');
		return [name.trim(), value] as const;
	});
	return Object.fromEntries(named);
}

export function list(context: IExecuteFunctions, field: string, value: unknown): string[] {
	const names = (Array.isArray(value) ? value.map(String) : String(value).split(',')).map((name) => name.trim()).filter((name) => name !== '');
	if (names.length === 0) throw fieldError(context.getNode(), field, 'is empty. Enter at least one, separated by commas.');
	return names;
}
