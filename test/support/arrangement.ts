import { openStore } from '../../lib/run/engine';
import type { Child } from './child';
import { N8n } from './n8n';
import { freshDatabase } from './postgres';
import { redisIsThere, startRedis, type RedisServer } from './redis';
import { Watch } from './watch';

/** single: one process does everything. queue: one main, two workers and one process for webhooks, on one Postgres. */
export type Kind = 'single' | 'queue';

/** For `describe.each`: what can be started on this machine. */
export const ARRANGEMENTS: Kind[] = redisIsThere() ? ['single', 'queue'] : ['single'];

const LISTENING = ['journeyEntryTrigger', 'journeyState', 'journeyConversionGoal'];

/** A started n8n, in one process or several, with a Postgres store that all of them use unless a node says otherwise. */
export class Arrangement {
	private constructor(
		readonly kind: Kind,
		readonly n8n: N8n,
		readonly watch: Watch,
		readonly storeUrl: string,
		readonly workers: Child[],
		/** where production webhooks answer */
		readonly webhooks: { process?: Child; url: string },
		readonly redis?: RedisServer,
	) {}

	/** @param defaultStore false: nodes without a credential do not find the store by an environment variable either */
	static async start(kind: Kind, { defaultStore = true } = {}): Promise<Arrangement> {
		const { url } = await freshDatabase();
		const store = await openStore({ url, schema: 'journey' });
		const given: Record<string, string> = defaultStore ? { JOURNEY_STORE_URL: url } : {};
		if (kind === 'single') {
			const n8n = await N8n.start({ pack: 'link', env: given, database: 'sqlite' });
			return new Arrangement(kind, n8n, new Watch(store, () => n8n.logs()), url, [], { url: n8n.url });
		}
		const redis = (await startRedis())!;
		const env = { ...given, N8N_DISABLE_PRODUCTION_MAIN_PROCESS: 'true' };
		const n8n = await N8n.start({ pack: 'link', env, database: { postgres: (await freshDatabase()).url }, queue: { redisPort: redis.port } });
		const [webhooks, ...workers] = await Promise.all([n8n.webhookProcess(), n8n.worker(), n8n.worker()]);
		const logs = () => n8n.logs() + workers.map((worker) => worker.logs().slice(-2_000)).join('');
		return new Arrangement(kind, n8n, new Watch(store, logs), url, workers, webhooks, redis);
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
		await this.watch.store.close();
	}
}
