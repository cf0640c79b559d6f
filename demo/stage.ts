import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../test/support/guard';
import { N8n } from '../test/support/n8n';
import { repository } from '../test/support/n8nEnvironment';
import type { SmtpSink } from '../test/support/smtp';
import { asPlayed, type WorkflowJson } from './asPlayed';
import { Desk } from './desk';

export interface Stage {
	n8n: N8n;
	desk: Desk;
	writeKey: string;
	/** Where the journey is seen in the editor. */
	journeyUrl: string;
}

/** n8n with the pack as a user would install it, and both examples imported and published. @param say tells what is going on */
export async function setStage(smtp: SmtpSink, say: (words: string) => void): Promise<Stage> {
	say('Packing the node pack …');
	const folder = temporaryFolder('journey-demo-pack');
	const tarball = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: repository, encoding: 'utf8' }).trim();
	say('Starting n8n with the pack installed, on an embedded store in a throw-away folder …');
	const n8n = await N8n.start({ database: 'sqlite', pack: join(folder, tarball), editor: true });

	say('Importing and publishing the examples …');
	const writeKey = randomBytes(16).toString('hex');
	const keys = await n8n.createCredential('Shop’s write key', 'journeyWriteKey', { writeKey, secondWriteKey: '' });
	const { host, port } = smtp;
	const mail = await n8n.createCredential('Local mail sink', 'smtp', { user: '', password: '', host, port, secure: false, disableStartTls: true });
	await publish(n8n, withCredential(example('collector'), '.journeyEventCollectorTrigger', 'journeyWriteKey', keys, 'Shop’s write key'));
	const journey = await publish(n8n, withCredential(asPlayed(example('cart-abandonment')), '.emailSend', 'smtp', mail, 'Local mail sink'));
	const desk = await Desk.open(n8n);
	await desk.journeyIsOpen();
	return { n8n, desk, writeKey, journeyUrl: `${n8n.url}/workflow/${journey}` };
}

function example(name: string): WorkflowJson {
	return JSON.parse(readFileSync(join(repository, 'examples', `${name}.json`), 'utf8')) as WorkflowJson;
}

/** What n8n asks the user for after an import. */
function withCredential(workflow: WorkflowJson, type: string, credential: string, id: string, name: string): WorkflowJson {
	return { ...workflow, nodes: workflow.nodes.map((node) => (node.type.endsWith(type) ? { ...node, credentials: { [credential]: { id, name } } } : node)) };
}

async function publish(n8n: N8n, workflow: WorkflowJson): Promise<string> {
	const { id } = await n8n.createWorkflow(workflow);
	await n8n.activate(id);
	return id;
}
