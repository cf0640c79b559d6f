import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { Editor } from '../support/editor';
import { temporaryFolder } from '../support/guard';
import { N8n } from '../support/n8n';
import { repository } from '../support/n8nEnvironment';

jest.setTimeout(300_000);

const PACKAGE = 'n8n-nodes-journey';
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
const PUBLIC = '--registry=https://registry.npmjs.org';

/**
 * A folder with an `npm` that answers for this pack as it is here, as if it were published. For everything else it is the
 * machine's npm with the registry that the machine uses.
 */
function npmThatKnowsThePack(): string {
	const folder = temporaryFolder('journey-npm');
	const run = (command: string, args: string[]) => execFileSync(command, args, { cwd: repository, encoding: 'utf8' }).trim();
	const tarball = join(folder, run('npm', ['pack', '--silent', '--pack-destination', folder]));
	const npm = run('sh', ['-c', 'command -v npm']);
	const bin = join(folder, 'bin');
	mkdirSync(bin);
	writeFileSync(
		join(bin, 'npm'),
		`#!/bin/sh
[ "$1" = view ] && exec echo '"${version}"'
for argument do
	shift
	case "$argument" in
		${PUBLIC}*) ;;
		${PACKAGE}@*) set -- "$@" "${tarball}" ;;
		*) set -- "$@" "$argument" ;;
	esac
done
exec "${npm}" "$@"
`,
	);
	chmodSync(join(bin, 'npm'), 0o755);
	return bin;
}

/* In one process: in queue mode the others are given the pack by a shared folder or an image, not by this page. */
describe('n8n’s Community nodes page', () => {
	let n8n: N8n;
	let editor: Editor | undefined;

	beforeAll(async () => {
		const PATH = [npmThatKnowsThePack(), process.env.PATH].join(delimiter);
		n8n = await N8n.start({ database: 'sqlite', editor: true, env: { PATH } });
		editor = await Editor.open(n8n);
	});
	afterAll(async () => {
		await editor?.close();
		await n8n?.stop();
	});

	it('installs the pack by clicks, and its journeys run without a restart', async () => {
		if (!editor) return;
		const { page } = editor;
		await page.goto(`${n8n.url}/settings/community-nodes`);
		await page.getByRole('button', { name: 'Install a community node' }).click();
		await page.getByRole('textbox').fill(PACKAGE);
		await page.getByRole('checkbox').click();
		await page.screenshot({ path: join(repository, '.tmp', 'screenshots', 'Install.png') });
		await page.getByRole('button', { name: 'Install', exact: true }).click();
		await page.getByText('9 nodes').waitFor({ timeout: 180_000 });
		await page.screenshot({ path: join(repository, '.tmp', 'screenshots', 'Installed.png') });

		const journey = await n8n.createWorkflow({
			nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'Cart Updated' }), journeyNode('Tag', 'journeyAction', { operation: 'addTags', tags: 'came' })],
			connections: wires('Entry > Tag'),
		});
		await n8n.activate(journey.id);
		const key = await n8n.createCredential('Key', 'journeyWriteKey', { writeKey: 'my-write-key' });
		const door = await n8n.createWorkflow({
			nodes: [journeyNode('Door', 'journeyEventCollectorTrigger', {}, { typeVersion: 2, webhookId: 'door', credentials: { journeyWriteKey: { id: key, name: 'Key' } } })],
			connections: {},
		});
		await n8n.activate(door.id);
		// Registering the journey takes the engine a moment after n8n calls it published.
		await sleep(2_000);
		const event = { writeKey: 'my-write-key', userId: 'customer-1', event: 'Cart Updated' };
		const answer = await fetch(`${n8n.url}/webhook/journey/v1/track`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) });
		expect(await answer.json()).toEqual({ rejected: [] });

		const look = await n8n.createWorkflow({
			nodes: [baseNode('Start', 'manualTrigger', 1), journeyNode('Data', 'journeyCustomerData', { resource: 'profile', operation: 'get', identity: 'customer-1' })],
			connections: wires('Start > Data'),
		});
		const tags = async () => (await n8n.run(look.id, 'Start')).runData.Data?.[0]?.data?.main?.[0]?.[0]?.json.profile as { tags: string[] } | undefined;
		const end = Date.now() + 30_000;
		while (!(await tags())?.tags.includes('came')) {
			if (Date.now() > end) throw new Error(`Nobody came through:\n${n8n.logs().slice(-2000)}`);
			await sleep(500);
		}
	});
});
