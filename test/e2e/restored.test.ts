import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { openStore } from '../../lib/run/openStore';
import { openThroughOwner } from '../../lib/store/embedded';
import type { Store } from '../../lib/store/types';
import { ARRANGEMENTS, type Kind } from '../support/arrangement';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { Child } from '../support/child';
import { temporaryFolder } from '../support/guard';
import { eventState } from '../support/journeys';
import { N8n } from '../support/n8n';
import { node24, repository } from '../support/n8nEnvironment';
import { freshDatabase } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';
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
	let workers: Child[];
	let start: (mode: Kind) => Promise<void>;
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
			open = async () => await openStore({ url: database.url, schema: 'journey' });
			redis = await startRedis();
			const options = { pack: 'link', userFolder, database: { postgres: (await freshDatabase()).url }, env: { JOURNEY_STORE_URL: database.url } };
			start = async (mode) => {
				n8n = await N8n.start({ ...options, ...(mode === 'queue' && { queue: { redisPort: redis!.port } }) });
				workers = mode === 'queue' ? await Promise.all([n8n.worker(), n8n.worker()]) : [];
			};
		} else {
			where = ['--folder', folder];
			open = async () => {
				const through = await openThroughOwner({ folder, schema: 'journey' });
				await through.tx(async (db) => await db.rows('SELECT FROM steps'));
				return through;
			};
			start = async () => void (n8n = await N8n.start({ pack: 'link', userFolder, database: 'sqlite' }));
		}
		await start('single');
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

	/** The store is as it was, and n8n starts with it. Waits until its log says that nobody moves, and a moment longer. */
	const restore = async (mode: Kind): Promise<void> => {
		await store.close();
		await n8n.stop();
		const logged = n8n.logs().length;
		expect(await command('restore', file, '--replace', ...where)).toMatch(/Nobody moves/);
		await start(mode);
		await n8n.untilPublished(workflow);
		store = await opened();
		await watch().introduce(['u900']);
		await watch().send('Cart Updated', ['u900']);
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

	it('is made both ways while n8n runs', async () => {
		const smtpId = await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host: smtp.host, port: smtp.port, secure: false, disableStartTls: true });
		workflow = (await n8n.createWorkflow(journey(smtpId))).id;
		await n8n.activate(workflow);
		store = await opened();
		await watch().until('registered', async () => (await watch().count('steps')) >= 3);
		await watch().introduce(customers(0, PEOPLE));
		await watch().send('Cart Updated', customers(0, PEOPLE));
		await watch().until('parked', async () => (await watch().count("journal WHERE kind = 'parked'")) === PEOPLE);

		const { json, binary } = await operate('backup', { binaryPropertyName: 'file' });
		expect(json).toMatchObject({ counts: { instances: PEOPLE, profiles: PEOPLE } });
		expect(binary!.file).toMatchObject({ fileName: expect.stringMatching(/^journey-.*\.jsonl\.gz$/), mimeType: 'application/gzip' });
		expect(await command('backup', file, ...where)).toContain(`${PEOPLE} people in journeys`);
		await watch().until('mailed', async () => smtp.mails.length === PEOPLE);
	});

	const ways = (kind === 'embedded' ? ['single' as const] : ARRANGEMENTS).flatMap((mode) => (['skip', 'go_on'] as const).map((answer) => ({ mode, answer })));
	it.each(ways)('restored ($mode): moves nobody, resumes by $answer with nothing sent twice, and goes on with what is new', async ({ mode, answer }) => {
		const before = smtp.mails.length;
		await restore(mode);
		expect(smtp.mails).toHaveLength(before);
		const status = await operate('status');
		expect(status.json).toMatchObject({ waiting: PEOPLE, due: PEOPLE, candidates: 1, paused: { reason: 'restored' }, notices: [expect.stringMatching(/^Nobody moves/)] });
		expect(status.hints).toEqual([expect.objectContaining({ type: 'warning', message: expect.stringMatching(/^Nobody moves/) })]);

		expect((await operate('resume', { answer })).json).toMatchObject({ answer, due: PEOPLE, candidates: 1 });
		await watch().until('the new one waits', async () => (await watch().count("journal WHERE kind = 'parked'")) === PEOPLE + 1);
		await watch().send('Order Completed', ['u900']);
		await watch().until('all through', async () => (await watch().count('finished')) === PEOPLE + 1);
		const mailed = answer === 'skip' ? ['u900'] : [...customers(0, PEOPLE), 'u900'];
		expect(smtp.mails.slice(before).flatMap(({ to }) => to).sort()).toEqual(mailed.map(addressOf).sort());
		expect(await watch().tally('status', 'deliveries')).toEqual({ sent: mailed.length });
		expect(await watch().tally('reason', 'report_skipped')).toEqual(answer === 'skip' ? { restored: PEOPLE } : {});
		expect(await watch().tally('reason', 'finished')).toEqual({ completed: PEOPLE + 1 });
		await expect(operate('resume', { answer })).rejects.toThrow(/is not paused/);
		expect((await operate('status')).json).toMatchObject({ paused: null, notices: [] });
		if (mode === 'queue') expect(workers.map((worker) => worker.logs()).join()).toMatch(/Worker started execution/);
	});
});
