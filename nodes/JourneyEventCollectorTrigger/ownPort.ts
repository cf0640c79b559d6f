import { NodeOperationError, type ITriggerFunctions, type ITriggerResponse } from 'n8n-workflow';

import { OwnPort, RequestRate, Troubles, type Engine } from '../../lib/index';
import { journeyEngine, storeSettings } from '../shared/engine';
import { isTest } from '../shared/place';
import { ownPortOf, settingsOf } from './settings';
import { tellTrouble } from './troubles';

const LOOK_AGAIN_MS = 10_000;
const OPEN_AGAIN_MS = 5_000;

/**
 * Listens on the collector's own port while the workflow is published, if the panel says so. The store may be away: then
 * senders are asked to send again.
 *
 * @throws NodeOperationError naming the field when the port cannot be had, so that publishing says it. When n8n starts,
 * the port may still be with the process before: then it goes on trying, since n8n itself would give up after 15 s
 */
export async function listen(context: ITriggerFunctions): Promise<ITriggerResponse> {
	const own = ownPortOf(context);
	if (!own || isTest(context)) return {};
	const name = context.getNode().name;
	const publishing = !['init', 'leadershipChange'].includes(context.getActivationMode());
	let settings = await settingsOf(context, 'port');

	/** Of which store, and its engine. */
	let opened: { place: string; engine: Engine } | undefined;
	const placeNow = async () => JSON.stringify(await storeSettings(context));
	const alone = new RequestRate();
	const troubles = new Troubles();
	const engineNow = async (): Promise<Engine> => {
		// Read first: one that leads elsewhere by the time the engine is had is seen at the next look.
		if (!opened) opened = { place: await placeNow(), engine: await journeyEngine(context) };
		return opened.engine;
	};
	const open = async () => await OwnPort.open({
		...own,
		settings: () => settings,
		rate: () => opened?.engine.rate ?? alone,
		store: async (parts) => await (await engineNow()).takeIn('collector', parts),
		onTrouble: (error) => tellTrouble(context, troubles, error as Error),
	});

	let port: OwnPort | undefined;
	let closed = false;
	let again: NodeJS.Timeout | undefined;
	const tryToOpen = async (): Promise<void> => {
		try {
			port = await open();
			if (closed) await port.close();
			else context.logger.info(`${name}: listens on ${own.address}:${own.port}`);
		} catch (error) {
			context.logger.error(`${name}: ${(error as Error).message}`);
			if (publishing) throw new NodeOperationError(context.getNode(), (error as Error).message);
			if (!closed) again = setTimeout(() => void tryToOpen(), OPEN_AGAIN_MS).unref();
		}
	};
	await tryToOpen();
	// Keys, and the store, are changed in their credentials, which starts no trigger again.
	const refresh = async (): Promise<void> => {
		settings = await settingsOf(context, 'port');
		// Another store that cannot be had is said by who sends: the old one is no place for what comes now.
		if (opened && opened.place !== (await placeNow())) opened = undefined;
	};
	const looking = setInterval(() => void refresh().catch((error: Error) => context.logger.warn(`${name}: its credentials could not be read again: ${error.message}`)), LOOK_AGAIN_MS).unref();
	return {
		closeFunction: async () => {
			closed = true;
			clearInterval(looking);
			clearTimeout(again);
			await port?.close();
		},
	};
}
