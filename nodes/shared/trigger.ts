import type { INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import type { Batch, Registration } from '../../lib/index';
import { onAnotherStore } from './anotherStore';
import { journeyEngine, leaveOthers } from './engine';
import { isTest, placeOf } from './place';

/** What a node says of itself. */
export type Listener = Omit<Registration, 'place' | 'emit' | 'since'> & { kind: Registration['place']['kind'] };

const RETRY_MS = 5_000;

/** Who wants to know what a node says, in a context in which it does not listen. */
const asking = new WeakMap<ITriggerFunctions, (listener: Listener) => void>();

/**
 * What a node would register if it were published as its panel is.
 *
 * @param context of a test run
 * @returns undefined: it listens to nothing
 * @throws what would keep n8n from publishing it, naming the field
 */
export async function wouldRegister(type: INodeType, context: ITriggerFunctions): Promise<Listener | undefined> {
	let said: Listener | undefined;
	asking.set(context, (listener) => (said = listener));
	await type.trigger?.call(context);
	return said;
}

/**
 * Subscribes a node to the engine while its workflow is published. Never throws for a store that is away: after five
 * tries n8n would leave the trigger dead until the next publish, while others go on.
 *
 * @throws StoreError when there is no store that this node could ever use: that is said when it is published
 */
export async function subscribe(context: ITriggerFunctions, { kind, ...listener }: Listener): Promise<ITriggerResponse> {
	asking.get(context)?.({ kind, ...listener });
	if (isTest(context)) return {};
	const place = placeOf(context, kind);
	const emit = async (batch: Batch) => {
		const done = context.helpers.createDeferredPromise<never>();
		context.emit([[...itemsOf(batch)]], undefined, done as never);
		// How it ended is written by the execution itself; here only the place in flight is freed.
		await Promise.resolve(done.promise).catch(() => undefined);
	};
	let listening: ReturnType<typeof listen> | undefined;
	const begin = () => {
		void listening?.leave();
		listening = listen(context, { ...listener, place, emit, since: new Date() });
	};
	const stay = await onAnotherStore(context, begin);
	begin();
	return {
		closeFunction: async () => {
			stay();
			await listening?.leave();
		},
	};
}

/** Registers with the engine of the store that the node uses now, as soon as that can be had. */
function listen(context: ITriggerFunctions, registration: Registration): { leave(): Promise<void> } {
	let leave: (() => Promise<void>) | undefined;
	let closed = false;
	let said = '';
	const open = async () => {
		try {
			const engine = await journeyEngine(context);
			if (closed) return;
			leave = engine.registry.register(registration);
			leaveOthers(engine, registration.place);
		} catch (error) {
			const { message } = error as Error;
			if (message !== said) context.logger.error(`${registration.place.name}: ${message}`);
			said = message;
			if (!closed) setTimeout(() => void open(), RETRY_MS).unref();
		}
	};
	void open();
	return {
		leave: async () => {
			closed = true;
			await leave?.();
		},
	};
}

/** All that is said once of a batch is said by its first item. */
function itemsOf({ kind, token, ids, at }: Batch) {
	const name = { candidates: 'candidate', instances: 'instance', removed: 'removed' }[kind];
	return ids.map((id, item) => ({ json: { journey: { [name]: id, token, ...(item === 0 && { at: at.toISOString() }) } } }));
}
