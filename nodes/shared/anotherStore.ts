import type { ITriggerFunctions } from 'n8n-workflow';

import type { StoreSettings } from '../../lib/index';
import { storeSettings } from './engine';

const LOOK_EVERY_MS = 10_000;

/** The nodes that listen with one credential. */
interface Group {
	nodes: Map<ITriggerFunctions, () => void>;
	settings: string;
	said: string;
	timer: NodeJS.Timeout;
}

const groups = new Map<string, Group>();

/**
 * Calls back when the node's credential leads elsewhere: n8n starts no trigger again when somebody changes it, though
 * executions use it as it is now. What then would still listen at the old store would take its part of the Redis stream
 * there, and emit people whom no execution finds.
 *
 * @returns ends it
 */
export async function onAnotherStore(context: ITriggerFunctions, move: () => void): Promise<() => void> {
	const id = context.getNode().credentials?.journeyStore?.id;
	const settings = JSON.stringify(await storeSettings(context));
	if (!id) return () => undefined;
	let group = groups.get(id);
	if (!group) {
		const made: Group = { nodes: new Map(), settings, said: '', timer: setInterval(() => void look(made), LOOK_EVERY_MS).unref() };
		groups.set(id, (group = made));
	}
	const { nodes, timer } = group;
	nodes.set(context, move);
	return () => {
		nodes.delete(context);
		if (nodes.size > 0) return;
		clearInterval(timer);
		if (groups.get(id)?.nodes === nodes) groups.delete(id);
	};
}

/** Asks one of them, for all. */
async function look(group: Group): Promise<void> {
	const [context] = group.nodes.keys();
	if (!context) return;
	try {
		const store = await storeSettings(context);
		const settings = JSON.stringify(store);
		group.said = '';
		if (settings === group.settings) return;
		group.settings = settings;
		const { name } = context.getNode().credentials!.journeyStore!;
		context.logger.info(`Journey: the credential "${name}" leads to ${nameOfStore(store)} now. What is published with it (nodes: ${group.nodes.size}) listens there from now on; who waits, waits on in the store where they are.`);
		[...group.nodes.values()].forEach((move) => move());
	} catch (error) {
		const { message } = error as Error;
		if (message !== group.said) context.logger.warn(`${context.getNode().name}: its credential cannot be read again: ${message}`);
		group.said = message;
	}
}

/** Never with a password. */
function nameOfStore({ url, schema, redis }: StoreSettings): string {
	const at = (text: string, port: number) => {
		const { hostname, port: own, pathname } = new URL(text);
		return `${hostname}:${own || port}${decodeURIComponent(pathname)}`;
	};
	return `${at(url!, 5432)}, schema ${schema}${redis ? `, with Redis ${at(redis.url, 6379)}` : ''}`;
}
