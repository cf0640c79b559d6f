import { resolveWebhookDescriptionField, Workflow, type INode, type IWebhookDescription, type IWebhookFunctions } from 'n8n-workflow';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { JourneyEventCollectorTrigger } from '../../nodes/JourneyEventCollectorTrigger/JourneyEventCollectorTrigger.node';
import { journeyEngine } from '../../nodes/shared/engine';

jest.mock('../../nodes/shared/engine', () => ({ journeyEngine: jest.fn() }));

const collector = new JourneyEventCollectorTrigger();
const headers = { authorization: `Basic ${Buffer.from('key-one:').toString('base64')}` };
const event = JSON.stringify({ userId: 'u1', event: 'Order Completed' });

interface Given {
	path?: string;
	limits?: object;
	mode?: string;
	credential?: object;
	body?: Buffer | string;
	/** What n8n has read and unpacked already. */
	rawBody?: Buffer;
	headers?: object;
}

/** What the node needs of n8n for one request to /v1/track, and what it answered. */
function request(given: Given) {
	const sent = { status: 0, headers: {}, body: {} as object };
	const response = {
		status(status: number) { sent.status = status; return response; },
		set(set: object) { sent.headers = set; return response; },
		json(body: object) { sent.body = body; },
	};
	const stream = Object.assign(Readable.from([Buffer.from(given.body ?? '')]), {
		method: 'POST', path: '/webhook/journey/v1/track', headers: { ...headers, ...given.headers }, rawBody: given.rawBody,
	});
	const parameters = { path: given.path ?? 'journey', limits: given.limits ?? {} };
	const context = {
		getNode: () => ({ name: 'Collector' }) as INode,
		getMode: () => given.mode ?? 'webhook',
		getNodeParameter: (name: keyof typeof parameters) => parameters[name],
		getCredentials: async () => given.credential ?? { writeKey: 'key-one', secondWriteKey: '' },
		getRequestObject: () => stream,
		getResponseObject: () => response,
		logger: { error: jest.fn() },
	};
	return { context: context as unknown as IWebhookFunctions, logger: context.logger, sent };
}

async function answer(given: Given) {
	const { context, logger, sent } = request(given);
	expect(await collector.webhook.call(context)).toEqual({ noWebhookResponse: true });
	return { ...sent, logger };
}

describe('Journey Event Collector Trigger', () => {
	it('stores nothing in a test, and says so', async () => {
		const { status, body } = await answer({ mode: 'manual', body: event });
		expect([status, body]).toEqual([200, { rejected: [], test: expect.stringContaining('Nothing was stored') }]);
		expect(journeyEngine).not.toHaveBeenCalled();
	});

	it('answers a GET with the status page: read by no other origin, and never with the store’s error', async () => {
		const get = async (mode: string, path = '/webhook/journey/status', search = '') => {
			const sent = { status: 0, headers: {} as Record<string, string>, removed: '', body: '' };
			const response = {
				removeHeader(name: string) { sent.removed = name; },
				status(status: number) { sent.status = status; return response; },
				set(headers: Record<string, string>) { sent.headers = headers; return response; },
				end(body: string) { sent.body = body; },
			};
			const context = {
				getNode: () => ({ name: 'Collector' }), getMode: () => mode, logger: { error: jest.fn() }, getResponseObject: () => response,
				getRequestObject: () => ({ method: 'GET', path, originalUrl: path + search, query: {}, headers: {} }),
			};
			expect(await collector.webhook.call(context as unknown as IWebhookFunctions)).toEqual({ noWebhookResponse: true });
			return { ...sent, logger: context.logger };
		};
		const cause = new Error('connect ECONNREFUSED postgres://user:secret@db');
		jest.mocked(journeyEngine).mockRejectedValueOnce(cause);
		const away = await get('webhook');
		expect([away.status, away.removed, away.headers['Retry-After']]).toEqual([503, 'Access-Control-Allow-Origin', '5']);
		expect(away.body).not.toContain('secret');
		expect(away.logger.error).toHaveBeenCalledWith(expect.stringContaining('Collector: the status page'), { error: cause });
		expect((await get('manual')).status).toBe(404);

		// A fault of the page is no matter of the store.
		const fault = new TypeError('cannot read nodes of undefined');
		jest.mocked(journeyEngine).mockRejectedValueOnce(fault);
		const broken = await get('webhook');
		expect([broken.status, broken.headers['Retry-After'], broken.body.includes('This page has a fault'), broken.body.includes('nodes of undefined')]).toEqual([500, undefined, true, false]);
		expect(broken.logger.error).toHaveBeenCalledWith(expect.stringContaining('could not be shown'), { error: fault });
	});

	it('leads from an address with a slash at its end to the one without, wherever a proxy has put it', async () => {
		const get = async (path: string, search: string) => {
			const sent: { status?: number; location?: string } = {};
			const response = {
				removeHeader() { /* nothing to see */ }, status(status: number) { sent.status = status; return response; },
				set(headers: Record<string, string>) { sent.location = headers.Location; return response; }, end() { /* its page is for nobody */ },
			};
			const context = {
				getNode: () => ({ name: 'Collector' }), getMode: () => 'webhook', getResponseObject: () => response,
				getRequestObject: () => ({ method: 'GET', path, originalUrl: path + search, query: {}, headers: {} }),
			};
			await collector.webhook.call(context as unknown as IWebhookFunctions);
			return [sent.status, sent.location && new URL(sent.location, `https://n8n.example.com/sub${path}${search}`).href];
		};
		expect(await get('/webhook/journey/status/open/', '?link=a.b')).toEqual([307, 'https://n8n.example.com/sub/webhook/journey/status/open?link=a.b']);
		expect(await get('/webhook/journey/status/', '?journey=//x&still=1')).toEqual([307, 'https://n8n.example.com/sub/webhook/journey/status?journey=//x&still=1']);
		expect(await get('/webhook/journey/status/', '')).toEqual([307, 'https://n8n.example.com/sub/webhook/journey/status']);
	});

	it('reads the body itself, or takes what n8n has read and unpacked', async () => {
		const gzip = { 'content-encoding': 'gzip' };
		expect((await answer({ mode: 'manual', headers: gzip, body: gzipSync(event) })).status).toBe(200);
		expect((await answer({ mode: 'manual', headers: gzip, rawBody: Buffer.from(event) })).status).toBe(200);
		expect((await answer({ mode: 'manual', headers: gzip, body: event })).status).toBe(400);
	});

	it('refuses a body beyond its limit', async () => {
		const body = Buffer.alloc(1024 * 1024 + 1, ' ');
		expect((await answer({ mode: 'manual', limits: { bodyMegabytes: 1 }, body })).status).toBe(413);
		expect((await answer({ mode: 'manual', limits: { bodyMegabytes: 2 }, body })).status).toBe(400);
	});

	it('answers 503 and logs why when the store is down', async () => {
		const cause = new Error('connect ECONNREFUSED');
		jest.mocked(journeyEngine).mockRejectedValueOnce(cause);
		const { status, headers, logger } = await answer({ body: event });
		expect([status, headers]).toEqual([503, { 'Retry-After': '5' }]);
		expect(logger.error).toHaveBeenCalledWith(expect.stringMatching(/^Collector: events could not be stored, .* send them again: connect ECONNREFUSED$/), { error: cause });
	});

	it.each<[Given, string]>([
		[{ path: '/journey/' }, 'Path: "/journey/" cannot be part of the URL. Use letters'],
		[{ path: ':shop' }, 'Path: ":shop" cannot be part of the URL.'],
		[{ limits: { batch: 0 } }, 'Events per Batch: "0" is not a whole number of at least 1. Correct it, or remove the limit to get 500.'],
		[{ limits: { latenessDays: 1.5 } }, 'Lateness (Days): "1.5" is not a whole number'],
		[{ credential: { writeKey: '' } }, 'Journey Write Key: the credential has no write key.'],
	])('is not published with %j', async (given, message) => {
		const { context } = request(given);
		await expect(collector.webhookMethods.default.checkExists.call(context as never)).rejects.toThrow(message);
	});

	it('has one static path for each call, shows one of them, and n8n reads them without its expression engine', () => {
		const { webhooks = [] } = collector.description;
		const node = { id: '1', name: 'Collector', type: 'collector', typeVersion: 2, position: [0, 0], parameters: { path: 'shop/events' } } as INode;
		const nodeType = { description: collector.description } as never;
		const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes: { getByName: () => nodeType, getByNameAndVersion: () => nodeType, getKnownTypes: () => ({}) } });
		const native = (webhook: IWebhookDescription) => resolveWebhookDescriptionField(node, webhook, 'path');
		const evaluated = (webhook: IWebhookDescription) => workflow.expression.getSimpleParameterValue(node, webhook.path, 'internal', {});
		expect(webhooks.map(native)).toEqual(webhooks.map((webhook) => ({ resolved: true, value: evaluated(webhook) })));
		expect(new Set(webhooks.map(evaluated)).size).toBe(webhooks.length);
		expect(webhooks.filter(({ ndvHideUrl }) => !ndvHideUrl).map(evaluated)).toEqual(['shop/events/v1/batch']);
	});
});
