import { N8n } from '../support/n8n';
import { startSmtp } from '../support/smtp';

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

/* In one process: n8n alone, without the pack, as a main is in queue mode. */
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
	it('sends mail through Send Email, and sees bounces', async () => {
		const sink = await startSmtp({ reject: (address) => address.startsWith('bounce') });
		const credential = await n8n.createCredential('Sink', 'smtp', { host: sink.host, port: sink.port, secure: false, disableStartTls: true });
		const addresses = ['customer-1@example.com', 'bounce-2@example.com'];
		const { id } = await n8n.createWorkflow({
			nodes: [
				node('Start', 'manualTrigger', {}),
				node('Code', 'code', { jsCode: `return ${JSON.stringify(addresses)}.map((to) => ({ json: { to } }))` }, { typeVersion: 2 }),
				node('Mail', 'emailSend', {
					fromEmail: 'shop@example.com', toEmail: '={{ $json.to }}', subject: 'Your cart — still here', emailFormat: 'text', text: 'Hello',
					options: { appendAttribution: false },
				}, { typeVersion: 2.1, onError: 'continueErrorOutput', credentials: { smtp: { id: credential, name: 'Sink' } } }),
			],
			connections: {
				Start: { main: [[{ node: 'Code', type: 'main', index: 0 }]] },
				Code: { main: [[{ node: 'Mail', type: 'main', index: 0 }]] },
			},
		});
		const [sent, bounced] = (await n8n.run(id, 'Start')).runData.Mail?.[0]?.data?.main ?? [];
		expect([sent?.length, bounced?.length]).toEqual([1, 1]);
		expect(sink.rejected).toEqual(['bounce-2@example.com']);
		expect(sink.mails).toEqual([{
			to: ['customer-1@example.com'], subject: 'Your cart — still here', text: 'Hello', at: expect.any(Date),
			messageId: sent?.[0]?.json.messageId, headers: expect.objectContaining({ from: 'shop@example.com' }),
		}]);
		await sink.stop();
	});
});
