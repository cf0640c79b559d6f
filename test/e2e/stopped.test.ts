import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { sendEmail, smtpCredential } from '../support/emails';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { customers, type Watch } from '../support/watch';

jest.setTimeout(180_000);

const PEOPLE = 4;

/** A mail a second, so that an execution takes as many as there are people. */
const journey = (smtp: string, event: string, settings: object) => ({
	name: event,
	settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none', ...settings },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event }),
		journeyNode('Check', 'journeyAction', { operation: 'check', channel: 'email' }),
		sendEmail('Send Email', smtp, '={{ $json.idempotencyKey }}'),
		baseNode('End', 'noOp', 1),
		baseNode('Skip', 'noOp', 1),
	],
	connections: wires('Entry > Check', 'Check:0 > Send Email', 'Check:1 > Skip', 'Send Email > End'),
});

describe.each(ARRANGEMENTS)('an execution that n8n stops in the middle of sending (%s)', (kind) => {
	let on: Arrangement;
	let watch: Watch;
	let smtp: SmtpSink;
	let credential: string;

	beforeAll(async () => {
		smtp = await startSmtp({ takes: 1_000 });
		on = await Arrangement.start(kind);
		({ watch } = on);
		credential = await smtpCredential(on.n8n, smtp);
		await watch.introduce(customers(0, PEOPLE));
	});
	afterAll(async () => {
		await on?.stop();
		await smtp?.stop();
	});

	/** @returns why they were tried again */
	async function stopped(event: string, settings: object, stop: (workflow: string) => Promise<void>): Promise<string> {
		const before = smtp.mails.length;
		const workflow = await on.publish(journey(credential, event, settings));
		const of = (table: string) => `${table} JOIN journeys j ON j.id = journey_id WHERE j.name = '${event}'`;
		await watch.send(event, customers(0, PEOPLE));
		await watch.until('sending', async () => smtp.mails.length > before);
		await stop(workflow);
		await watch.until('everybody has gone on', async () => (await watch.count(of('finished'))) === PEOPLE);
		await watch.until('all mails have arrived', async () => smtp.mails.length >= before + PEOPLE);
		expect(smtp.mails).toHaveLength(before + PEOPLE);
		expect(await watch.tally('status', of('deliveries'))).toEqual({ unknown: PEOPLE });
		expect(await watch.tally('reason', of('finished'))).toEqual({ completed: PEOPLE });
		expect(await watch.tally('reason', `${of('journal')} AND kind = 'skipped'`)).toEqual({ already_unknown: PEOPLE });
		return (await watch.rows<{ error: string }>(`SELECT DISTINCT detail->>'error' AS error FROM ${of('journal')} AND kind = 'retry'`)).map(({ error }) => error).join();
	}

	it('by its Stop button: they go on sending, are listed as unknown, and nobody is mailed twice or done by it', async () => {
		expect(await stopped('by hand', {}, async (workflow) => {
			const [execution] = (await on.n8n.executions(workflow)).filter(({ status }) => status === 'running');
			await on.n8n.api('POST', `/rest/executions/${execution!.id}/stop`);
		})).toContain('by hand');
	});

	// Less than the mails take, and more than a worker needs to begin with its first journey: in queue mode nobody is told of
	// an execution that is stopped before that, and it is emitted again a minute later.
	it('by the time limit of the workflow: the same', async () => {
		expect(await stopped('by time', { executionTimeout: 3 }, async () => undefined)).toContain('Timeout Workflow');
	});
});
