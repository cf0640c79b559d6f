import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { endStatusLinks, makeStatusLink, readSettings, type Engine } from '../../lib/index';
import { fieldError } from '../shared/parameters';
import { whoAsks } from './who';

const MOST_HOURS = 30 * 24;

/** Makes a link to the status page, which the Collector's workflow serves. Whoever has the link can read, until it expires. */
export async function statusLink(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const hours = context.getNodeParameter('validHours', 0) as number;
	if (!Number.isInteger(hours) || hours < 1 || hours > MOST_HOURS) throw fieldError(context.getNode(), 'Valid For (Hours)', `found ${JSON.stringify(hours)}. Enter a whole number from 1 to ${MOST_HOURS}.`);
	const path = String(context.getNodeParameter('collectorPath', 0)).trim().replace(/^\/+|\/+$/g, '');
	if (!/^[\w-]+(\/[\w-]+)*$/.test(path)) throw fieldError(context.getNode(), 'Collector’s Path', `found ${JSON.stringify(path)}. Enter the Path of the Journey Event Collector Trigger, e.g. journey.`);
	const customers = context.getNodeParameter('includeCustomers', 0) === true;
	const base = await webhookBase(context, store);
	const { token, expiresAt } = await makeStatusLink(store, customers ? 'status' : 'status without customers', hours, whoAsks(context));
	if (/^https?:\/\/(localhost|127\.0\.0\.1)[:/]/.test(base)) {
		context.addExecutionHints({ message: `The link begins with ${base}, which only this machine reaches. Set Public URL under Journey Control → Setting → Change, or n8n’s WEBHOOK_URL.`, type: 'info', location: 'outputPane' });
	}
	return { json: { url: `${base}/${path}/status/open?link=${token}`, expiresAt: expiresAt.toISOString(), customers }, pairedItem: { item: 0 } };
}

/** Ends all links at once. */
export async function endLinks(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	return { json: { ended: await endStatusLinks(store, whoAsks(context)) }, pairedItem: { item: 0 } };
}

/** Where n8n's webhooks are reached: at the public URL of the settings, else where n8n says. */
async function webhookBase(context: IExecuteFunctions, store: Engine['store']): Promise<string> {
	const { publicUrl } = await store.tx(readSettings);
	if (publicUrl !== null) return `${publicUrl}/${process.env.N8N_ENDPOINT_WEBHOOK ?? 'webhook'}`;
	const { webhookBaseUrl } = (context as unknown as { additionalData: { webhookBaseUrl: string } }).additionalData;
	return webhookBaseUrl.replace(/\/+$/, '');
}
