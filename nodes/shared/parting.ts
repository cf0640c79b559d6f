import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { consentName, type Json, type Sample, type Way } from '../../lib/index';
import type { Arrivals } from './arriving';
import { itemOf } from './execution';
import { fieldError } from './parameters';

/** The items of a batch at the outputs that were decided for them, with what they carried. */
export function atOutputs(context: IExecuteFunctions, { claim, people }: Arrivals, ways: Way[], outputs: number): INodeExecutionData[][] {
	const items = context.getInputData();
	const running = new Map(people.map((one) => [one.item, one.running]));
	const routed = Array.from({ length: outputs }, (): INodeExecutionData[] => []);
	for (const { item, choice } of ways) {
		const { json, binary } = items[item]!;
		const out = itemOf(context, claim.token, running.get(item)!, item, json);
		routed[choice]!.push(binary ? { ...out, binary } : out);
	}
	return routed;
}

/** The same for a test run: items stay as they are. */
export function samplesAtOutputs(context: IExecuteFunctions, ways: Way[], outputs: number): INodeExecutionData[][] {
	const items = context.getInputData();
	const routed = Array.from({ length: outputs }, (): INodeExecutionData[] => []);
	for (const { item, choice } of [...ways].sort((a, b) => a.item - b.item)) routed[choice]!.push({ ...items[item]!, pairedItem: { item } });
	return routed;
}

/**
 * The customers whom the items of a test run describe. About items without one a hint is shown.
 *
 * @returns samples, and the positions of items that describe nobody
 */
export function readSamples(context: IExecuteFunctions, variables: (item: number) => Json | null): { samples: Sample[]; nobody: number[] } {
	const samples: Sample[] = [];
	const nobody: number[] = [];
	context.getInputData().forEach(({ json }, item) => {
		const profile = objectOr(json.profile);
		if (!profile) return nobody.push(item);
		const { id, attributes, tags, consent } = profile;
		if (tags !== undefined && !Array.isArray(tags)) throw fieldError(context.getNode(), 'profile.tags', `item ${item} has ${JSON.stringify(tags)}. Make it a list of texts.`);
		return samples.push({
			item,
			id: Number.isSafeInteger(id) ? (id as number) : null,
			attributes: objectOr(attributes),
			tags: tags?.map(String) ?? null,
			consent: states(consent),
			context: objectOr(json.context),
			properties: objectOr(objectOr(json.event)?.properties),
			vars: variables(item),
		});
	});
	hintUnknown(context, nobody.length, 'profile');
	return { samples, nobody };
}

/** Says in the editor that a test cannot know where some items would go, so that they leave by the first output. */
export function hintUnknown(context: IExecuteFunctions, count: number, missing: string): void {
	if (count === 0) return;
	context.addExecutionHints({
		message: `${count} of ${context.getInputData().length} items have no "${missing}", so this test cannot say where they would go: they leave by the first output. Start the test at the Journey Entry Trigger, or add it to the sample.`,
		location: 'outputPane',
	});
}

/** Consent as people write it in a sample, `{ email: 'granted' }`, or as it is stored. */
function states(consent: unknown): Json | null {
	const channels = objectOr(consent);
	return channels && Object.fromEntries(Object.entries(channels).map(([channel, state]) => [consentName(channel), typeof state === 'string' ? { state } : state]));
}

function objectOr(value: unknown): Json | null {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}
