import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { captured, entrySample, scheduledSample, type Engine, type EventItem, type Filter, type JourneyItem, type Profile } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { readEntry } from './entry';

/** Nobody has the id 0, so nothing is found that the made-up customer did. */
const NOBODY: Profile = {
	id: 0, email: 'customer-1@example.com', phone: '+15550100', locale: 'en', zone: null, attributes: { first_name: 'Customer' }, tags: [],
};

/** A run in the editor: the newest real event that would let somebody in, or a made-up one. Nobody enters. */
export async function sampleItem(context: IExecuteFunctions): Promise<INodeExecutionData> {
	const { key, rules, conditions, schedule, segment } = readEntry(context);
	const engine = await journeyEngine(context);
	if (schedule) {
		const profile = await scheduledSample(engine.store, schedule.rule, rules.zone);
		context.addExecutionHints({
			message: profile
				? 'This is a test: it shows the newest customer in the audience. Nobody entered.'
				: 'This is a test, and nobody in the audience is known yet: this customer is made up. Store a profile, or set mock data of your own.',
			location: 'outputPane',
		});
		const journey = { key, instance: 0, token: 'test', step: context.getNode().name, visit: 0, correlation: '', entered_at: new Date().toISOString() };
		return asItem({ journey, profile: profile ?? NOBODY, event: null, context: {} });
	}
	const { event, filter } = conditions[0]!;
	const found = (await entrySample(engine.store, event, filter, rules)) ?? (segment && (await memberSample(engine.store, segment.name, event, rules)));
	const { profile, event: happened, correlation, context: values } = found ?? madeUp(event, filter, rules);
	context.addExecutionHints({
		message: found
			? 'This is a test: it shows the newest event that would let a customer in. Nobody entered.'
			: 'This is a test, and no such event has been stored yet: this customer is made up. Send an event, or set mock data of your own.',
		location: 'outputPane',
	});
	const journey = { key, instance: 0, token: 'test', step: context.getNode().name, visit: 0, correlation, entered_at: happened.occurred_at };
	return asItem({ journey, profile, event: happened, context: values });
}

/** Somebody who is in the segment, as if they had just joined or left it. @throws RuleError when there is no such segment */
async function memberSample(store: Engine['store'], segment: string, event: string, rules: Parameters<typeof captured>[0]) {
	const profile = await scheduledSample(store, { kind: 'segment', segment, in: true }, rules.zone);
	const properties = { segment };
	return profile && { profile, event: { name: event, properties, occurred_at: new Date().toISOString(), message_id: null }, ...captured(rules, properties) };
}

function asItem(json: JourneyItem): INodeExecutionData {
	return { json: json as unknown as IDataObject, pairedItem: { item: 0 } };
}

/** An event with what the filters say plainly: `total` *is* `5` makes `{ total: '5' }`. */
function madeUp(name: string, filter: Filter, rules: Parameters<typeof captured>[0]) {
	const plain = filter.filter(({ path, operator }) => operator === 'is' && /^\w+$/.test(path));
	const properties = Object.fromEntries(plain.map(({ path, value }) => [path, value]));
	const event: EventItem = { name, properties, occurred_at: new Date().toISOString(), message_id: null };
	return { profile: NOBODY, event, ...captured(rules, properties) };
}
