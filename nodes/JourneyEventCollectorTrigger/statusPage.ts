import type { IWebhookFunctions } from 'n8n-workflow';

import { failedPage, notices, statusPage, testPage, withoutSlash, type PageAnswer } from '../../lib/index';
import { journeyEngine } from '../shared/engine';

/** Answers a request for the status page: by `…/status`, or `…/status/open` with a link's token. */
export async function showStatusPage(context: IWebhookFunctions): Promise<void> {
	const { status, headers, body } = await answered(context);
	const response = context.getResponseObject();
	// n8n lets every origin read what a webhook answers.
	response.removeHeader('Access-Control-Allow-Origin');
	response.status(status).set(headers).end(body);
}

async function answered(context: IWebhookFunctions): Promise<PageAnswer> {
	if (context.getMode() === 'manual') return testPage();
	const { path, query, headers, secure, originalUrl } = context.getRequestObject();
	const page = /\/open\/?$/.test(path) ? 'open' : 'status';
	if (path.endsWith('/')) return withoutSlash(page, originalUrl.includes('?') ? originalUrl.slice(originalUrl.indexOf('?')) : '');
	try {
		const { store, rate } = await journeyEngine(context);
		return await statusPage(
			store,
			{ take: async (sender, perMinute) => await rate.take(sender, perMinute), notices: async () => await notices(store) },
			{ page, query: query as Record<string, unknown>, cookie: headers.cookie, secure: secure || String(headers['x-forwarded-proto']).startsWith('https') },
		);
	} catch (error) {
		context.logger.error(`${context.getNode().name}: the status page could not be shown: ${(error as Error).message}`, { error });
		return failedPage(error);
	}
}
