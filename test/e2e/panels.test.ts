import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Editor, type Panel } from '../support/editor';
import { example, EXAMPLES, type ExampleNode } from '../support/examples';
import { N8n } from '../support/n8n';
import { repository } from '../support/n8nEnvironment';
import { withPalette } from '../support/palette';
import { VARIANTS } from './panelVariants';

jest.setTimeout(900_000);

/** How the nodes of the gallery stand on the canvas. */
const COLUMNS = 8;

/** What is looked at and found to be right. After a change: look at `.tmp/screenshots`, then copy `.tmp/panels.txt` here. */
const EXPECTED = join(__dirname, 'panels.txt');

/* In one process: in queue mode the main serves the same editor. */
describe('what the editor shows', () => {
	let n8n: N8n;
	let editor: Editor | undefined;

	beforeAll(async () => {
		n8n = await N8n.start({ database: 'sqlite', pack: 'link', editor: true, env: { GENERIC_TIMEZONE: 'Europe/Istanbul' } });
		editor = await Editor.open(n8n);
	});
	afterAll(async () => {
		await editor?.close();
		await n8n?.stop();
	});

	it('shows of each panel what applies, and nothing else', async () => {
		if (!editor) return;
		const nodes = VARIANTS.map(({ name, type, parameters }, at) => ({
			id: `id-${at}`, name, type: `n8n-nodes-journey.${type}`, typeVersion: type === 'journeyEventCollectorTrigger' ? 2 : 1,
			position: [(at % COLUMNS) * 320, Math.floor(at / COLUMNS) * 260], parameters,
		}));
		const { id, versionId } = await n8n.createWorkflow({ name: 'Gallery', nodes, connections: {} });
		await editor.openCanvas(id, 'gallery');
		const found: string[] = [];
		for (const { name } of VARIANTS) {
			const [outputs, subtitle] = [await editor.outputs(name), await editor.subtitle(name)];
			found.push(inWords(name, subtitle, outputs, await editor.panel(name)));
		}
		mkdirSync(join(repository, '.tmp'), { recursive: true });
		writeFileSync(join(repository, '.tmp', 'panels.txt'), found.join('\n'));
		expect(found.join('\n')).toBe(readFileSync(EXPECTED, 'utf8'));
		// The editor saves what changes by itself: looking must not change a published journey.
		expect((await n8n.workflow(id)).versionId).toBe(versionId);
	});

	it('shows the example on the canvas, with everything on it in words', async () => {
		if (!editor) return;
		const { id } = await n8n.createWorkflow(example('cart-abandonment'));
		await editor.openCanvas(id, 'example', { width: 1500, height: 760 });
		expect(await editor.subtitle('An hour of quiet')).toBe('wait 1 hour after the last Cart Updated');
		expect(await editor.outputs('Click within a day')).toEqual(['Time is up', 'Clicked']);
		expect((await editor.panel('Click within a day')).issues).toEqual([]);
	});

	// `npm run pictures`: two minutes, whenever an example is changed. Look at what it has written.
	if (process.env.JOURNEY_WRITE_PICTURES === '1') it('draws every example', async () => {
		if (!editor) return;
		const folder = join(repository, 'docs', 'images', 'examples');
		mkdirSync(folder, { recursive: true });
		// As whoever has imported it would see it: all that is missing then are credentials.
		const credentials: Record<string, object> = {
			'n8n-nodes-base.emailSend': { smtp: { id: await n8n.createCredential('Mail', 'smtp', { host: '127.0.0.1', port: 25, user: 'shop', password: 'shop' }), name: 'Mail' } },
			'n8n-nodes-journey.journeyEventCollectorTrigger': { journeyWriteKey: { id: await n8n.createCredential('Key', 'journeyWriteKey', { writeKey: 'a-long-random-text' }), name: 'Key' } },
		};
		for (const name of EXAMPLES) {
			const { nodes, ...workflow } = example(name);
			const { id } = await n8n.createWorkflow({ ...workflow, nodes: nodes.map((node) => ({ ...node, credentials: credentials[node.type] })) });
			const { png, marked } = await editor.wholeCanvas(id, sizeOf(nodes));
			const picture = withPalette(png);
			writeFileSync(join(folder, `${name}.png`), picture);
			expect([name, marked]).toEqual([name, 0]);
			expect(picture.length).toBeLessThan(150_000);
		}
	});

	it('shows the dialogs of the credentials', async () => {
		if (!editor) return;
		const store = await n8n.createCredential('Shop', 'journeyStore', { host: '127.0.0.1', port: 5432, database: 'shop', user: 'shop', schema: 'journey', ssl: 'verify' });
		const withRedis = await n8n.createCredential('Shop, Redis', 'journeyStore', {
			host: '127.0.0.1', port: 5432, database: 'shop', user: 'shop', schema: 'journey', ssl: 'disable', redis: true, redisHost: '127.0.0.1', redisPort: 6379, redisSsl: 'disable', stream: 'journey:events', group: 'journey',
		});
		const key = await n8n.createCredential('Shop', 'journeyWriteKey', { writeKey: 'a-long-random-text' });
		const [notice, ...fields] = await editor.credential(store, 'Store credential');
		expect(notice).toMatch(/^Postgres 15 or newer\./);
		expect(fields).toEqual(['Host *', 'Port *', 'Database *', 'User *', 'Password', 'Schema *', 'SSL', 'CA Certificate', 'Use Redis']);
		expect((await editor.credential(withRedis, 'Store credential with Redis')).slice(8)).toEqual([
			'Use Redis', 'Redis Host *', 'Redis Port *', 'Redis User', 'Redis Password', 'Redis Database', 'Redis SSL', 'Event Stream', 'Consumer Group *',
		]);
		expect(await editor.credential(key, 'Write key credential')).toEqual(['Write Key *', 'Second Write Key']);
	});
});

/** One panel as text; dates differ from day to day. */
function inWords(name: string, subtitle: string, outputs: string[], { labels, notices, issues }: Panel): string {
	const dateless = notices.map((notice) => notice.replace(/[A-Z]\w\w \d+ [A-Z]\w\w \d{4}(, \d\d:\d\d)?/g, '<date>'));
	const lines = {
		'on the canvas': subtitle.replace('Execute workflow', '').trim(), outputs: outputs.join(' | '), fields: labels.join(' | '),
		notices: dateless.join(' | '), 'marked red': issues.join(' | '),
	};
	return [name, ...Object.entries(lines).filter(([, text]) => text !== '').map(([what, text]) => `\t${what}: ${text}`), ''].join('\n');
}

/** What the nodes and notes of a canvas take up. */
function sizeOf(nodes: ExampleNode[]): { width: number; height: number } {
	const far = (at: 0 | 1, side: 'width' | 'height') => Math.max(...nodes.map(({ position, parameters }) => position[at] + Number(parameters[side] ?? 150)));
	const near = (at: 0 | 1) => Math.min(...nodes.map(({ position }) => position[at]));
	return { width: far(0, 'width') - near(0), height: far(1, 'height') - near(1) };
}
