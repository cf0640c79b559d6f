import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { N8n } from '../support/n8n';
import { freshDatabase } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';

jest.setTimeout(180_000);

const workflow = {
	id: 'greetQueue000001',
	name: 'Greeting',
	active: false,
	nodes: [
		{ id: '1', name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, position: [0, 0], webhookId: 'greet', parameters: { path: 'greet', responseMode: 'lastNode' } },
		{ id: '2', name: 'Set', type: 'n8n-nodes-base.set', typeVersion: 3.4, position: [200, 0], parameters: { assignments: { assignments: [{ id: '1', name: 'words', type: 'string', value: '=hello {{ 1 + 1 }}' }] } } },
	],
	connections: { Webhook: { main: [[{ node: 'Set', type: 'main', index: 0 }]] } },
	settings: {},
};

describe('a real n8n in queue mode', () => {
	let n8n: N8n | undefined;
	let redis: RedisServer | undefined;

	afterAll(async () => {
		await n8n?.stop();
		await redis?.stop();
	});

	it('runs an imported workflow in a worker, on Postgres', async () => {
		redis = await startRedis();
		if (redis === undefined) return;
		const database = await freshDatabase();
		n8n = await N8n.start({ database: { postgres: database.url }, queue: { redisPort: redis.port } });
		await n8n.login();
		const file = join(n8n.userFolder, 'greeting.json');
		writeFileSync(file, JSON.stringify(workflow));
		expect(await n8n.cli('import:workflow', `--input=${file}`)).toContain('Successfully imported 1 workflow');
		await n8n.cli('publish:workflow', `--id=${workflow.id}`);
		const worker = await n8n.worker();
		await n8n.untilPublished(workflow.id);

		const answer = await fetch(`${n8n.url}/webhook/greet`);
		expect(await answer.json()).toEqual({ words: 'hello 2' });
		expect(worker.logs()).toMatch(/Worker started execution \d+/);
		expect((await n8n.executions(workflow.id)).map(({ status }) => status)).toEqual(['success']);
	});
});
