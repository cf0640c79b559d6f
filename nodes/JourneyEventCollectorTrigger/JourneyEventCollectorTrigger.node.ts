import type { IHookFunctions, INodeType, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { collect, RequestRate, takeIn, type Accept } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { description } from './description';
import { requestBytes } from './requestBytes';
import { settingsOf } from './settings';

const rate = new RequestRate();

/** The HTTP door for events: answers after the commit, and starts no execution. */
export class JourneyEventCollectorTrigger implements INodeType {
	description = description;

	webhookMethods = {
		default: {
			/** n8n asks this when the workflow is published: the moment to refuse bad parameters. */
			async checkExists(this: IHookFunctions): Promise<boolean> {
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

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const settings = await settingsOf(this);
		const request = this.getRequestObject();
		const { body, encoding } = await requestBytes(request, settings.bodyLimitBytes);
		const { method, path, headers } = request;
		const test = this.getMode() === 'manual';
		const accept: Accept = test
			? async () => undefined
			: async (entries, refused) => {
					const engine = await journeyEngine(this);
					const { woken, candidates, conversions } = await takeIn(engine.store, 'collector', entries, refused);
					if (woken + candidates + conversions > 0) engine.announce();
				};

		const answer = await collect({ method, path, headers: { ...headers, 'content-encoding': encoding }, body }, settings, rate, new Date(), accept);
		if (answer.cause !== undefined) {
			this.logger.error(`${this.getNode().name}: events could not be stored, their sender was asked to send them again`, { error: answer.cause });
		}
		const note = test ? { test: 'Nothing was stored. Publish the workflow and send to the production URL.' } : {};
		this.getResponseObject().status(answer.status).set(answer.headers).json({ ...answer.body, ...note });
		return { noWebhookResponse: true };
	}
}
