import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { openStore } from '../../lib/run/openStore';
import { openThroughOwner } from '../../lib/store/embedded';
import type { Store } from '../../lib/store/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { temporaryFolder } from '../support/guard';
import { eventState } from '../support/journeys';
import { N8n } from '../support/n8n';
import { node24, repository, type Database } from '../support/n8nEnvironment';
import { freshDatabase } from '../support/postgres';
import { redisIsThere, startRedis, type RedisServer } from '../support/redis';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { addressOf, customers, Watch } from '../support/watch';

jest.setTimeout(400_000);

const PEOPLE = 40;
const WAIT_SECONDS = 30;

const journey = (smtp: string) => ({
	name: 'Shop',
	settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'Cart Updated' }),
		eventState('Wait', [{ event: 'Order Completed', output: 'ordered' }], [WAIT_SECONDS, 'seconds']),
		journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional' }),
		baseNode('Send Email', 'emailSend', 2.1, {
			fromEmail: 'shop@example.com', toEmail: '={{ $json.profile.email }}', subject: 'Your cart', emailFormat: 'text', text: 'Hello', options: { appendAttribution: false },
		}, { onError: 'continueRegularOutput', credentials: { smtp: { id: smtp, name: 'SMTP' } } }),
		baseNode('Skipped', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait:0 > Check', 'Wait:1 > Check', 'Check:0 > Send Email', 'Check:1 > Skipped'),
});
const control = (operation: string, more: object = {}) => ({
	name: operation,
	nodes: [baseNode('Start', 'manualTrigger', 1), journeyNode('Control', 'journeyControl', { operation, ...more })],
	connections: wires('Start > Control'),
});

/** The published command, in a process of its own. */
const command = async (...args: string[]): Promise<string> =>
	(await promisify(execFile)(node24, [join(repository, 'dist', 'lib', 'command', 'main.js'), ...args])).stdout;

describe.each(['embedded', 'postgres'] as const)('a backup of a started n8n, %s', (kind) => {
	const userFolder = temporaryFolder('journey-n8n');
	const folder = join(userFolder, '.n8n', 'journey');
	const file = join(userFolder, 'backup.gz');
	let n8n: N8n;
	let n8nDatabase: Database = 'sqlite';
	let env: Record<string, string> = {};
	let workflow: string;
	let redis: RedisServer | undefined;
	let smtp: SmtpSink;
	let store: Store;
	let where: string[];
	let drop: () => Promise<void> = async () => undefined;
	let open: () => Promise<Store>;

	beforeAll(async () => {
		smtp = await startSmtp();
		if (kind === 'postgres') {
			const database = await freshDatabase();
			({ drop } = database);
			where = ['--url', database.url];
			env = { JOURNEY_STORE_URL: database.url };
			n8nDatabase = { postgres: (await freshDatabase()).url };
			open = async () => await openStore({ url: database.url, schema: 'journey' });
		} else {
			where = ['--folder', folder];
			open = async () => {
				const through = await openThroughOwner({ folder, schema: 'journey' });
				await through.tx(async (db) => await db.rows('SELECT FROM steps'));
				return through;
			};
		}
		n8n = await N8n.start({ database: n8nDatabase, pack: 'link', userFolder, env });
	});
	afterAll(async () => {
		await store?.close();
		await n8n?.stop();
		await redis?.stop();
		await smtp?.stop();
		await drop();
	});

	/** The store as soon as n8n has it. */
	const opened = async (): Promise<Store> => {
		for (const begun = Date.now(); ; await sleep(200)) {
			try {
				return await open();
			} catch (error) {
				if (Date.now() - begun > 60_000) throw error;
			}
		}
	};

	const watch = () => new Watch(store, () => n8n.logs());

	/** Somebody comes to the restored store. Waits until n8n's log, from here on, says that nobody moves, and a moment longer. */
	const comesInVain = async (who: string, logged: number): Promise<void> => {
		store = await opened();
		await watch().introduce([who]);
		await watch().send('Cart Updated', [who]);
		await watch().until('said in the log', async () => /Journey: Nobody moves: .* Journey Control → Store → Resume After a Restore/.test(n8n.logs().slice(logged)));
		await sleep(3_000);
	};

	/** Runs Journey Control by hand, as the editor does. @returns its item */
	const operate = async (operation: string, more: object = {}) => {
		const { id } = await n8n.createWorkflow(control(operation, more));
		const { runData } = await n8n.run(id, 'Start');
		const task = runData.Control![0]!;
		if (task.error) throw new Error(task.error.message);
		const item = task.data!.main![0]![0]!;
		return { json: item.json, binary: item.binary, hints: task.hints };
	};

	it('sends nothing twice when it is restored and resumed by skipping, and goes on with what is new', async () => {
		const smtpId = await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host: smtp.host, port: smtp.port, secure: false, disableStartTls: true });
		workflow = (await n8n.createWorkflow(journey(smtpId))).id;
		await n8n.activate(workflow);
		store = await opened();
		await watch().until('registered', async () => (await watch().count('steps')) >= 3);
		await watch().introduce(customers(0, PEOPLE));
		await watch().send('Cart Updated', customers(0, PEOPLE));
		await watch().until('parked', async () => (await watch().count("journal WHERE kind = 'parked'")) === PEOPLE);

		// Both ways, while n8n runs.
		const { json, binary } = await operate('backup', { binaryPropertyName: 'file' });
		expect(json).toMatchObject({ counts: { instances: PEOPLE, profiles: PEOPLE } });
		expect(binary!.file).toMatchObject({ fileName: expect.stringMatching(/^journey-.*\.jsonl\.gz$/), mimeType: 'application/gzip' });
		expect(await command('backup', file, ...where)).toContain(`${PEOPLE} people in journeys`);
		await watch().until('mailed', async () => smtp.mails.length === PEOPLE);

		await store.close();
		await n8n.stop();
		expect(await command('restore', file, '--replace', ...where)).toMatch(/Nobody moves/);
		await n8n.start();
		await n8n.untilPublished(workflow);
		await comesInVain('u900', 0);
		expect(smtp.mails).toHaveLength(PEOPLE);
		const status = await operate('status');
		expect(status.json).toMatchObject({ waiting: PEOPLE, due: PEOPLE, candidates: 1, paused: { reason: 'restored' }, notices: [expect.stringMatching(/^Nobody moves/)] });
		expect(status.hints).toEqual([expect.objectContaining({ type: 'warning', message: expect.stringMatching(/^Nobody moves/) })]);

		expect((await operate('resume', { answer: 'skip' })).json).toMatchObject({ answer: 'skip', due: PEOPLE, candidates: 1 });
		await watch().until('the new one has a mail', async () => smtp.mails.some(({ to }) => to.includes(addressOf('u900'))));
		await watch().until('all through', async () => (await watch().count('instances')) === 0);
		expect(smtp.mails).toHaveLength(PEOPLE + 1);
		expect(await watch().tally('reason', 'report_skipped')).toEqual({ restored: PEOPLE });
		await expect(operate('resume', { answer: 'skip' })).rejects.toThrow(/is not paused/);
		expect((await operate('status')).json).toMatchObject({ paused: null, notices: [] });
	});

	if (kind === 'embedded' || !redisIsThere()) return;
	it('moves nobody in queue mode either, and then sends what was due, by the workers, once', async () => {
		await store.close();
		await n8n.stop();
		const [mailed, logged] = [smtp.mails.length, n8n.logs().length];
		await command('restore', file, '--replace', ...where);
		redis = (await startRedis())!;
		n8n = await N8n.start({ database: n8nDatabase, userFolder, env, queue: { redisPort: redis.port } });
		const workers = await Promise.all([n8n.worker(), n8n.worker()]);
		await n8n.untilPublished(workflow);
		await comesInVain('u901', logged);
		expect(smtp.mails).toHaveLength(mailed);
		expect((await operate('status')).json).toMatchObject({ waiting: PEOPLE, due: PEOPLE, candidates: 1, paused: { reason: 'restored' } });

		expect((await operate('resume', { answer: 'go_on' })).json).toMatchObject({ answer: 'go_on', due: PEOPLE, candidates: 1 });
		await watch().until('the new one waits', async () => (await watch().count("journal WHERE kind = 'parked'")) === PEOPLE + 1);
		await watch().send('Order Completed', ['u901']);
		await watch().until('all through', async () => (await watch().count('finished')) === PEOPLE + 1);
		expect(smtp.mails.slice(mailed).flatMap(({ to }) => to).sort()).toEqual([...customers(0, PEOPLE), 'u901'].map(addressOf).sort());
		expect(await watch().tally('status', 'deliveries')).toEqual({ sent: PEOPLE + 1 });
		expect(await watch().tally('reason', 'finished')).toEqual({ completed: PEOPLE + 1 });
		expect(workers.map((worker) => worker.logs()).join()).toMatch(/Worker started execution/);
	});
});
