import type { IHookFunctions, INodeType, ITriggerFunctions, ITriggerResponse, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { collect, readBody, RequestRate, Troubles, type Accept, type Engine } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { description } from './description';
import { listen } from './ownPort';
import { ownPortOf, settingsOf } from './settings';
import { showStatusPage } from './statusPage';
import { tellTrouble } from './troubles';

/** Of test runs, and of requests that find the store away. */
const alone = new RequestRate();
const troubles = new Troubles();

/** The HTTP door for events: answers after the commit, and starts no execution. It also shows the status page. */
export class JourneyEventCollectorTrigger implements INodeType {
	description = description;

	webhookMethods = {
		default: {
			/** n8n asks this when the workflow is published: the moment to refuse bad parameters. */
			async checkExists(this: IHookFunctions): Promise<boolean> {
				ownPortOf(this);
				await settingsOf(this);
				return true;
			},
			async create(this: IHookFunctions): Promise<boolean> {
				return true;
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				return true;
			},
		},
	};

	/** The collector's own port, if the panel asks for one. */
	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this);
	}

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const request = this.getRequestObject();
		if (request.method === 'GET') {
			await showStatusPage(this);
			return { noWebhookResponse: true };
		}
		const settings = await settingsOf(this);
		const { method, path, headers } = request;
		// n8n has usually read and unpacked it by now.
		const body = async () => (request.rawBody as Buffer | undefined) ?? (await readBody(request, settings.bodyLimitBytes));
		const test = this.getMode() === 'manual';
		const engine = test ? undefined : await journeyEngine(this).catch((error: Error) => error);
		const rate = engine === undefined || engine instanceof Error ? alone : engine.rate;
		const accept: Accept = async (part) => (test ? { stored: true, refused: [] } : (await ready(engine).takeIn('collector', [part]))[0]!);

		const answer = await collect({ method, path, headers, body }, settings, rate, () => new Date(), accept);
		if (answer.cause !== undefined) tellTrouble(this, troubles, answer.cause as Error);
		const note = test ? { test: 'Nothing was stored. Publish the workflow and send to the production URL.' } : {};
		this.getResponseObject().status(answer.status).set(answer.headers).json({ ...answer.body, ...note });
		return { noWebhookResponse: true };
	}
}

function ready(engine: Engine | Error | undefined): Engine {
	if (engine instanceof Error) throw engine;
	return engine!;
}
