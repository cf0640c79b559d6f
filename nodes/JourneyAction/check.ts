import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { checkBeforeSending, consentName, DEFAULT_PURPOSE, leave, mailersOf, nameOf, park, type Claim, type Engine, type RawName, type Running, type SendRules } from '../../lib/index';
import { arriving } from '../shared/arriving';
import { isConnected, publishedCanvas } from '../shared/canvas';
import { itemOf, resume, tokenOf } from '../shared/execution';
import { fieldError, raw } from '../shared/parameters';
import { claimOf, isResumed, placeOf } from '../shared/place';
import { expectOutcomes } from '../shared/settlement';

interface Options {
	ifConverted?: 'skip' | 'send';
	ifUnknown?: 'skip' | 'again';
	limit?: number;
}

type Context = Parameters<typeof raw>[0];

const LIMIT = 100;
const MOST = 5_000;

/** *People per batch*. @throws NodeOperationError when it is not a whole number from 1 to 5,000 */
export function peoplePerBatch(context: Context): number {
	const limit = raw<Options>(context, 'options', {}).limit ?? LIMIT;
	if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
		throw fieldError(context.getNode(), 'People per Batch', `found ${limit}. Enter a whole number from 1 to ${MOST}.`);
	}
	return limit;
}

/** The panel's rules. @throws NodeOperationError naming the field */
export function readRules(context: Context): SendRules {
	const options = raw<Options>(context, 'options', {});
	const messageClass = raw<SendRules['class']>(context, 'class', 'marketing');
	const purpose = consentName(nameOf(raw<RawName>(context, 'purpose', DEFAULT_PURPOSE)));
	if (messageClass === 'marketing' && purpose === '') {
		throw fieldError(context.getNode(), 'Purpose', `is empty. Choose what the message is for, such as ${DEFAULT_PURPOSE}: consent is asked for it.`);
	}
	return {
		channel: consentName(raw(context, 'channel', 'email')),
		purpose,
		class: messageClass,
		ifConsentUnknown: raw<SendRules['ifConsentUnknown']>(context, 'ifConsentUnknown', 'settings'),
		required: raw(context, 'required', '').split(',').map((path) => path.trim()).filter((path) => path !== ''),
		skipIfConverted: options.ifConverted !== 'send',
		ifUnknown: options.ifUnknown ?? 'skip',
	};
}

/** Lets through who may get the message now; at most *People per batch* at once, the others wait here for their turn. */
export async function check(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData[][]> {
	const { claim, people, now } = isResumed(context) ? await resumedPeople(context, engine) : await arriving(context, engine);
	if (people.length === 0) return [[], []];
	const step = await engine.step(placeOf(context, 'action'));
	const limit = peoplePerBatch(context);
	// They keep their place: it is the same visit still.
	const wait = async (waiting: typeof people) => await park(engine, claim, step.id, { conditions: [], timer: null }, waiting.map(({ running }) => ({
		id: running.id, profile_id: running.profile.id, due_at: now, expires: false, since: running.left_at,
		after_arrival: false, vars: null, wake: 'batch' as const,
	})));
	const later = people.slice(limit);
	if (later.length > 0) await wait(later);
	const batch = people.slice(0, limit);
	const checked = await checkBeforeSending(engine, claim, step.id, readRules(context), batch.map(({ running }) => running));
	if (checked.held) {
		await wait(batch);
		return [[], []];
	}
	const items = context.getInputData();
	const carried = (item: number) => (isResumed(context) ? {} : items[item]!.json);
	const routed: [INodeExecutionData[], INodeExecutionData[]] = [[], []];
	for (const { running, item } of batch) {
		const delivery = checked.send.get(running.id);
		const skipped = checked.skipped.get(running.id);
		const out = itemOf(context, claim.token, running, item, carried(item));
		if (delivery) routed[0].push({ ...out, json: { ...out.json, idempotencyKey: delivery.key, delivery: { id: delivery.id } } });
		else if (skipped) routed[1].push({ ...out, json: { ...out.json, skipped: { reason: skipped.reason, ...skipped.detail } } });
	}
	// Stopped meanwhile, n8n starts no node behind this one, and nobody asks for outcomes any more.
	if (routed[0].length > 0 && engine.executions.has(claim)) expect(context, claim);
	if (routed[1].length > 0 && !isConnected(context, 1)) {
		await leave(engine, claim, routed[1].map(({ json }) => (json.journey as { instance: number }).instance), 'skipped_end');
	}
	return routed;
}

async function resumedPeople(context: IExecuteFunctions, engine: Engine): Promise<{ claim: Claim; people: Array<{ running: Running; item: number }>; now: Date }> {
	const claim = claimOf(context, tokenOf(context.getInputData()));
	const running = await resume(context, engine);
	const now = await engine.now();
	return { claim, people: running.map((one) => ({ running: one, item: 0 })), now };
}

/** Has the outcomes read from the mailers' run data when the execution ends. */
export function expect(context: IExecuteFunctions, claim: Claim): void {
	const canvas = publishedCanvas(context);
	const { name } = context.getNode();
	const mailers = mailersOf(canvas, name);
	expectOutcomes(claim.token, {
		action: name,
		run: (context as unknown as { runIndex: number }).runIndex,
		mailers,
		withErrorOutput: canvas.nodes.filter((node) => mailers.includes(node.name) && node.onError === 'continueErrorOutput').map((node) => node.name),
	});
}
