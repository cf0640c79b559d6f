import type { INodeExecutionData, IRunData } from 'n8n-workflow';

import type { Settlement } from '../../lib/index';

/** A *Check before sending* that let people through in this execution. */
export interface Sending {
	/** The Action's name and the run of it. */
	action: string;
	run: number;
	/** Names of the nodes that send. */
	mailers: string[];
	/** Names of those mailers whose last output is the error output. */
	withErrorOutput: string[];
}

const SEND_NOW = 0;
const sendings = new Map<string, Sending[]>();

/** Remembers, until the execution ends, that deliveries of this claim are under way. */
export function expectOutcomes(token: string, sending: Sending): void {
	const known = sendings.get(token) ?? [];
	// n8n's retry runs the Action again in the same place: the newer replaces the older.
	sendings.set(token, [...known.filter((one) => one.action !== sending.action || one.run !== sending.run), sending]);
}

/**
 * What became of the messages of a claim, read from the run data of the nodes that sent them.
 * @param unreached what becomes of those that reached none
 */
export function settlementsOf(token: string, runData: IRunData, unreached: 'released' | 'unknown'): Settlement[] {
	const known = sendings.get(token) ?? [];
	sendings.delete(token);
	return known.flatMap((sending) => outcomesOf(runData, sending, unreached));
}

/**
 * Outcomes of one check, by lineage (`pairedItem`): on a normal output without `error` → sent; with `error`, or on the
 * error output → failed; reached no mailer → `unreached`; reached one that said nothing of it (it threw or died) → unknown.
 */
export function outcomesOf(runData: IRunData, { action, run, mailers, withErrorOutput }: Sending, unreached: 'released' | 'unknown' = 'released'): Settlement[] {
	const sent = runData[action]?.[run]?.data?.main?.[SEND_NOW] ?? [];
	const settlements = new Map<number, Settlement>();
	const trace = tracer(runData, action, run);
	const deliveryAt = (item: number | undefined) => (item === undefined ? undefined : deliveryOf(sent[item]));

	for (const mailer of mailers) {
		for (const task of runData[mailer] ?? []) {
			for (const source of task.source ?? []) {
				if (!source) continue;
				const inputs = runData[source.previousNode]?.[source.previousNodeRun ?? 0]?.data?.main?.[source.previousNodeOutput ?? 0] ?? [];
				inputs.forEach((_, at) => {
					const id = deliveryAt(trace(source.previousNode, source.previousNodeRun ?? 0, source.previousNodeOutput ?? 0, at));
					if (id !== undefined && !settlements.has(id)) {
						settlements.set(id, { id, outcome: 'unknown', error: messageOf(task.error) ?? `'${mailer}' said nothing about it` });
					}
				});
			}
		}
		(runData[mailer] ?? []).forEach((task, at) => {
			const outputs = task.data?.main ?? [];
			outputs.forEach((items, output) => {
				const isError = withErrorOutput.includes(mailer) && output === outputs.length - 1;
				(items ?? []).forEach((item, index) => {
					const id = deliveryAt(trace(mailer, at, output, index));
					if (id !== undefined) settlements.set(id, outcome(id, item, isError));
				});
			});
		});
	}
	for (const item of sent) {
		const id = deliveryOf(item);
		if (id !== undefined && !settlements.has(id)) settlements.set(id, { id, outcome: unreached });
	}
	return [...settlements.values()];
}

function deliveryOf(item: INodeExecutionData | undefined): number | undefined {
	return (item?.json.delivery as { id: number } | undefined)?.id;
}

function outcome(id: number, item: INodeExecutionData, isError: boolean): Settlement {
	const { json } = item;
	const error = messageOf(item.error) ?? messageOf(json.error);
	if (isError || error !== undefined) return { id, outcome: 'failed', error: error ?? 'the node reported an error' };
	const provider = json.messageId ?? json.message_id ?? json.sid ?? json.id;
	return { id, outcome: 'sent', ...(typeof provider === 'string' || typeof provider === 'number' ? { provider_id: String(provider) } : {}) };
}

/** What an error says, whatever a node has put there; undefined: there is none. */
export function messageOf(error: unknown): string | undefined {
	if (error === undefined || error === null || error === false) return undefined;
	const said = typeof error === 'object' && 'message' in error ? error.message : error;
	if (typeof said === 'string') return said;
	try {
		return JSON.stringify(said) ?? String(said);
	} catch {
		return 'an error that cannot be told as text';
	}
}

/** Follows an item back to the check: which item of *Send now* it descends from. */
function tracer(runData: IRunData, action: string, run: number) {
	return function trace(node: string, at: number, output: number, item: number): number | undefined {
		if (node === action) return at === run && output === SEND_NOW ? item : undefined;
		const task = runData[node]?.[at];
		const paired = task?.data?.main?.[output]?.[item]?.pairedItem;
		const one = Array.isArray(paired) ? paired[0] : paired;
		if (!task || one === undefined) return undefined;
		const { item: from, input = 0 } = typeof one === 'number' ? { item: one } : one;
		const source = task.source?.[input];
		return source ? trace(source.previousNode, source.previousNodeRun ?? 0, source.previousNodeOutput ?? 0, from) : undefined;
	};
}
