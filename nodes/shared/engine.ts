import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ICredentialDataDecryptedObject, IExecuteFunctions, IHookFunctions, ILoadOptionsFunctions, ITriggerFunctions, IWebhookFunctions } from 'n8n-workflow';

import { Engine, StoreError, type Place, type RedisSettings, type StoreSettings } from '../../lib/index';
import { serverUrl, urlOfEnvironment } from './serverUrls';

export type JourneyContext = IExecuteFunctions | ITriggerFunctions | IWebhookFunctions | IHookFunctions | ILoadOptionsFunctions;

// eslint-disable-next-line @typescript-eslint/no-require-imports -- the version is the package's own
const { version } = require('../../package.json') as { version: string };

/** One set of engines for the process, however often n8n loads the package: running triggers keep the old code. */
interface Holder {
	version: string;
	engines: Map<string, Promise<Engine>>;
}

const HOLDER = Symbol.for('n8n-nodes-journey');

function holder(): Holder {
	const shared = globalThis as { [HOLDER]?: Holder };
	const held = (shared[HOLDER] ??= { version, engines: new Map() });
	if (held.version !== version) {
		throw new StoreError(`n8n-nodes-journey was updated from ${held.version} to ${version} while n8n was running. Restart n8n.`);
	}
	return held;
}

/**
 * The store that a node uses: its *Journey Store* credential, else `JOURNEY_STORE_URL`, else the embedded store in
 * n8n's user folder.
 */
export async function storeSettings(context: JourneyContext): Promise<StoreSettings> {
	return { ...(await placeOfStore(context)), keep: keepSettings(process.env) };
}

/**
 * For how long the store keeps what it could do without. Of the environment, as it is the store's and not a node's.
 * @throws StoreError naming the variable
 */
export function keepSettings(environment: NodeJS.ProcessEnv): StoreSettings['keep'] {
	const months = (name: string) => {
		const text = environment[name]?.trim();
		if (!text) return undefined;
		if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
		throw new StoreError(`${name} is "${text}". Give a whole number of months from 1, or leave it out to keep everything.`);
	};
	const [events, history] = [months('JOURNEY_KEEP_EVENTS_MONTHS'), months('JOURNEY_KEEP_HISTORY_MONTHS')];
	return { events, history };
}

async function placeOfStore(context: JourneyContext): Promise<StoreSettings> {
	if (context.getNode().credentials?.journeyStore) return settingsOf(await context.getCredentials('journeyStore'));
	const url = urlOfEnvironment('JOURNEY_STORE_URL');
	const schema = process.env.JOURNEY_STORE_SCHEMA ?? 'journey';
	if (url) return { url, schema, ...redisOfEnvironment() };
	if (process.env.EXECUTIONS_MODE === 'queue') {
		throw new StoreError(
			`${context.getNode().name}: the embedded store belongs to one process and n8n runs in queue mode. Select a Journey Store credential with a Postgres, or set JOURNEY_STORE_URL.`,
		);
	}
	return { folder: join(process.env.N8N_USER_FOLDER ?? homedir(), '.n8n', 'journey'), schema };
}

/** The settings that a *Journey Store* credential holds. @throws StoreError naming the field that cannot be used */
export function settingsOf(credential: ICredentialDataDecryptedObject): StoreSettings {
	const url = serverUrl('postgres', '', credential.host, credential.port);
	url.pathname = `/${encodeURIComponent(String(credential.database))}`;
	url.username = encodeURIComponent(String(credential.user));
	url.password = encodeURIComponent(String(credential.password));
	return {
		url: url.href,
		schema: String(credential.schema || 'journey'),
		ssl: tls(credential),
		...redisOf(credential),
	};
}

const STREAM = 'journey:events';
const GROUP = 'journey';

/** The Redis of a credential that has one. */
function redisOf(credential: ICredentialDataDecryptedObject): { redis?: RedisSettings } {
	if (credential.redis !== true) return {};
	const url = serverUrl('redis', 'Redis ', credential.redisHost, credential.redisPort);
	url.pathname = `/${Number(credential.redisDatabase ?? 0)}`;
	url.username = encodeURIComponent(String(credential.redisUser ?? ''));
	url.password = encodeURIComponent(String(credential.redisPassword ?? ''));
	const stream = String(credential.stream ?? '').trim();
	const tls = credential.redisSsl === 'disable' ? undefined : certificateChecks(credential.redisSsl, credential.redisCa);
	return { redis: { url: url.href, ...(tls && { tls }), ...(stream && { stream }), group: String(credential.group || GROUP) } };
}

/** The same for `JOURNEY_STORE_URL`: the stream and group that a credential has when it is new. */
function redisOfEnvironment(): { redis?: RedisSettings } {
	const url = urlOfEnvironment('JOURNEY_REDIS_URL');
	return url ? { redis: { url, stream: STREAM, group: GROUP } } : {};
}

function tls(credential: ICredentialDataDecryptedObject): StoreSettings['ssl'] {
	return credential.ssl === 'disable' ? false : certificateChecks(credential.ssl, credential.ca);
}

function certificateChecks(ssl: unknown, authority: unknown): { rejectUnauthorized: boolean; ca?: string } {
	const ca = String(authority ?? '').trim();
	return { rejectUnauthorized: ssl !== 'allow', ...(ca ? { ca } : {}) };
}

/**
 * The engine of the node's store, opened at first use. A failed opening is forgotten, so that the next call tries again.
 * So is one that all nodes have left for other stores: who is under way with it has it, and its connections close
 * themselves. An embedded one is kept, since its folder has one owner.
 *
 * @throws StoreError when the store cannot be used
 */
export async function journeyEngine(context: JourneyContext): Promise<Engine> {
	const settings = await storeSettings(context);
	const { engines } = holder();
	const key = JSON.stringify(settings);
	const { logger } = context;
	let engine = engines.get(key);
	if (!engine) {
		const forget = () => void (engines.get(key) === engine && engines.delete(key));
		engine = Engine.open(settings, logger, () => settings.url && forget());
		engines.set(key, engine);
		engine.catch(forget);
	}
	return await engine;
}

/** A node listens with one engine only: those of other stores in this process need not expect it back. */
export function leaveOthers(engine: Engine, place: Place): void {
	for (const opening of holder().engines.values()) {
		void opening.then((other) => other !== engine && other.registry.movedAway(place), () => undefined);
	}
}
