import { N8n } from '../support/n8n';

jest.setTimeout(180_000);

const node = (name: string, type: string, parameters: object, more: object = {}) => ({
	id: name, name, type: `n8n-nodes-base.${type}`, typeVersion: 1, position: [0, 0], parameters, ...more,
});

function greeting(words: string) {
	return {
		name: 'Greeting',
		nodes: [
			node('Start', 'manualTrigger', {}),
			node('Webhook', 'webhook', { path: 'greet', httpMethod: 'GET', responseMode: 'lastNode' }, { typeVersion: 2, webhookId: 'greet' }),
			node('Set', 'set', { assignments: { assignments: [{ id: '1', name: 'words', type: 'string', value: words }] } }, { typeVersion: 3.4 }),
		],
		connections: {
			Start: { main: [[{ node: 'Set', type: 'main', index: 0 }]] },
			Webhook: { main: [[{ node: 'Set', type: 'main', index: 0 }]] },
		},
	};
}

describe('a real n8n under test', () => {
	let n8n: N8n;
	const greet = async () => await (await fetch(`${n8n.url}/webhook/greet`)).json() as { words?: string };

	beforeAll(async () => {
		n8n = await N8n.start({ database: 'sqlite' });
	});
	afterAll(async () => await n8n.stop());

	it('publishes, runs, survives kill -9, republishes and unpublishes', async () => {
		const { id } = await n8n.createWorkflow(greeting('hello'));
		await n8n.activate(id);
		expect((await greet()).words).toBe('hello');

		const before = n8n.pid;
		await n8n.kill();
		await expect(greet()).rejects.toThrow('fetch failed');
		await n8n.start();
		expect(n8n.pid).not.toBe(before);
		expect((await greet()).words).toBe('hello');

		await n8n.publish(id, greeting('good evening'));
		expect((await greet()).words).toBe('good evening');

		const run = await n8n.run(id, 'Start');
		expect(run.status).toBe('success');
		expect(run.runData.Set?.[0]?.data?.main?.[0]?.[0]?.json).toEqual({ words: 'good evening' });

		const executions = await n8n.executions(id);
		expect(executions.map(({ mode, status }) => `${mode} ${status}`)).toEqual(['manual success', ...Array(3).fill('webhook success')]);

		await n8n.deactivate(id);
		expect((await fetch(`${n8n.url}/webhook/greet`)).status).toBe(404);
		expect(n8n.rss()).toBeGreaterThan(50_000_000);
	});
});
