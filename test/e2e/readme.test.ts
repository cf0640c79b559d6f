import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { repository } from '../support/n8nEnvironment';

jest.setTimeout(240_000);

/** The text that follows a heading or number in the README, up to the end of its first block of code. */
function blockAfter(words: string): string {
	const text = readFileSync(join(repository, 'README.md'), 'utf8');
	const from = text.indexOf(words);
	const [, block] = /```\w*\n([^`]*)```/.exec(text.slice(from)) ?? [];
	if (from < 0 || block === undefined) throw new Error(`The README has no block of code after "${words}".`);
	return block;
}

const timeless = (text: string) => text.replace(/\d{4}-\d\d-\d\d /g, '').replace(/\d\d:\d\d:\d\d/g, '<time>').trim();

/* In one process on the embedded store, as the README has it. */
describe.each(ARRANGEMENTS)('the first journey of the README, followed literally (%s)', (kind) => {
	let on: Arrangement;
	let n8n: Arrangement['n8n'];

	/** Sends what a curl command would: not every machine has one. */
	async function send(command: string): Promise<string> {
		const [, user, url, header, body] = /^curl -u (\S+) http:\/\/localhost:5678(\S+)[\s\\]+-H '([^']+)'[\s\\]+-d '([^']+)'\s*$/.exec(command) ?? [];
		if (body === undefined) throw new Error(`The README's command is not understood: ${command}`);
		const [name, value] = header!.split(': ') as [string, string];
		const headers = { authorization: `Basic ${Buffer.from(user!).toString('base64')}`, [name]: value };
		return await (await fetch(on.webhooks.url + url, { method: 'POST', headers, body })).text();
	}

	beforeAll(async () => {
		on = await Arrangement.start(kind, { defaultStore: kind === 'queue' });
		({ n8n } = on);
	});
	afterAll(async () => await on?.stop());

	it('ends as the README says', async () => {
		const key = await n8n.createCredential('My write key', 'journeyWriteKey', { writeKey: 'my-write-key' });
		const door = await n8n.createWorkflow({
			nodes: [journeyNode('Journey Event Collector', 'journeyEventCollectorTrigger', {}, { typeVersion: 2, webhookId: 'door', credentials: { journeyWriteKey: { id: key, name: 'My write key' } } })],
			connections: {},
		});
		await n8n.activate(door.id);

		const first = await n8n.createWorkflow({
			nodes: [
				journeyNode('Journey Entry', 'journeyEntryTrigger', { event: 'Cart Updated', options: { key: 'first' } }),
				journeyNode('Journey State', 'journeyState', {
					waitFor: 'events', events: { branch: [{ event: 'Order Completed' }] }, limitUntil: 'delay', limitDelayAmount: 20, limitDelayUnit: 'seconds',
				}),
				journeyNode('Journey Action', 'journeyAction', { operation: 'addTags', tags: 'reminded' }),
			],
			connections: wires('Journey Entry > Journey State', 'Journey State:0 > Journey Action'),
		});
		const tried = await n8n.run(first.id, 'Journey Entry');
		expect(tried.runData['Journey State']?.[0]?.hints?.[0]?.message).toContain('Waits for Order Completed, at most 20 seconds.');
		expect(tried.runData['Journey Action']?.[0]?.data?.main?.[0]?.[0]?.json.profile).toMatchObject({ tags: ['reminded'] });
		await n8n.activate(first.id);

		// Registering the journey takes the engine a moment after n8n calls it published.
		await sleep(2_000);
		expect(await send(blockAfter('**3. A customer.**'))).toBe('{"rejected":[]}');

		const look = await n8n.createWorkflow({
			nodes: [
				baseNode('Start', 'manualTrigger', 1),
				journeyNode('Journey Customer Data', 'journeyCustomerData', { resource: 'journey', operation: 'explain', identity: 'customer-1', journey: 'first' }),
			],
			connections: wires('Start > Journey Customer Data'),
		});
		const story = async () => {
			const { runData } = await n8n.run(look.id, 'Start');
			return (runData['Journey Customer Data']?.[0]?.data?.main?.[0] ?? []).map(({ json }) => String(json.sentence)).join('\n');
		};
		const end = Date.now() + 60_000;
		while (!(await story()).includes('Left the journey')) {
			if (Date.now() > end) throw new Error(`Still inside:\n${await story()}\n${n8n.logs().slice(-2000)}`);
			await sleep(1_000);
		}
		expect(timeless(await story())).toBe(timeless(blockAfter('**4. What happened?**')));
	});
});
