import { openStore } from '../../lib/run/openStore';
import type { Child } from './child';
import { N8n } from './n8n';
import { freshDatabase } from './postgres';
import { redisIsThere, startRedis, type RedisServer } from './redis';
import { Watch } from './watch';

/** single: one process does everything. queue: one main, two workers and one process for webhooks, on one Postgres. */
export type Kind = 'single' | 'queue';

/** For `describe.each`: what can be started on this machine. */
export const ARRANGEMENTS: Kind[] = redisIsThere() ? ['single', 'queue'] : ['single'];

interface ArrangementOptions {
	defaultStore?: boolean;
	server?: string;
	away?: boolean;
	env?: Record<string, string>;
}

const LISTENING = ['journeyEntryTrigger', 'journeyState', 'journeyConversionGoal'];

/** A started n8n, in one process or several, with a Postgres store that all of them use unless a node says otherwise. */
export class Arrangement {
	/** another door to the store, unless it was away at the start: then after `look` */
	watch!: Watch;

	private constructor(
		readonly kind: Kind,
		readonly n8n: N8n,
		readonly storeUrl: string,
		readonly workers: Child[],
		/** where production webhooks answer */
		readonly webhooks: { process?: Child; url: string },
		readonly redis?: RedisServer,
	) {}

	/**
	 * @param defaultStore false: nodes without a credential do not find the store by an environment variable either
	 * @param server of the store, if a test starts and stops it; `away`: it is not there yet
	 * @param env more environment variables of every process
	 */
	static async start(kind: Kind, { defaultStore = true, server, away = false, env: more = {} }: ArrangementOptions = {}): Promise<Arrangement> {
		const url = server ?? (await freshDatabase()).url;
		const given: Record<string, string> = { ...(defaultStore && { JOURNEY_STORE_URL: url }), ...more };
		const on = await Arrangement.processes(kind, url, given);
		if (!away) await on.look();
		return on;
	}

	private static async processes(kind: Kind, url: string, given: Record<string, string>): Promise<Arrangement> {
		if (kind === 'single') {
			const n8n = await N8n.start({ pack: 'link', env: given, database: 'sqlite' });
			return new Arrangement(kind, n8n, url, [], { url: n8n.url });
		}
		const redis = (await startRedis())!;
		const env = { ...given, N8N_DISABLE_PRODUCTION_MAIN_PROCESS: 'true' };
		const n8n = await N8n.start({ pack: 'link', env, database: { postgres: (await freshDatabase()).url }, queue: { redisPort: redis.port } });
		const [webhooks, ...workers] = await Promise.all([n8n.webhookProcess(), n8n.worker(), n8n.worker()]);
		return new Arrangement(kind, n8n, url, workers, webhooks, redis);
	}

	/** Opens the store beside n8n. */
	async look(): Promise<void> {
		const logs = () => this.n8n.logs() + this.workers.map((worker) => worker.logs().slice(-2_000)).join('');
		this.watch = new Watch(await openStore({ url: this.storeUrl, schema: 'journey' }), logs);
	}

	/** Creates and publishes a workflow, and waits until all its nodes that listen are known to the store. @returns its id */
	async publish(workflow: { name: string; settings: object; nodes: Array<{ type: string }>; connections: object }): Promise<string> {
		const { id } = await this.n8n.createWorkflow(workflow);
		await this.n8n.activate(id);
		await this.registered(id, workflow);
		return id;
	}

	/** Waits until all nodes of a published workflow that listen are known to the store. */
	async registered(id: string, { nodes }: { nodes: Array<{ type: string }> }): Promise<void> {
		const listening = nodes.filter(({ type }) => LISTENING.some((name) => type.endsWith(`.${name}`))).length;
		const steps = `steps JOIN workflows ON workflows.id = steps.workflow WHERE workflow_id = '${id}' AND state = 'on'`;
		await this.watch.until('registered', async () => (await this.watch.count(steps)) >= listening);
	}

	/** kill -9 of every process that runs executions: n8n itself, or its workers. */
	async killExecuting(): Promise<void> {
		if (this.kind === 'single') return await this.n8n.kill();
		await Promise.all(this.workers.splice(0).map(async (worker) => await worker.finish('SIGKILL')));
	}

	/** Starts again what `killExecuting` has killed. */
	async startExecuting(): Promise<void> {
		if (this.kind === 'single') return await this.n8n.start();
		this.workers.push(...(await Promise.all([this.n8n.worker(), this.n8n.worker()])));
	}

	async stop(): Promise<void> {
		await this.n8n.stop();
		await this.redis?.stop();
		await this.watch?.store.close();
	}
}
