import { baseNode, journeyNode, wires } from '../support/canvas';
import { startSmtp, type SmtpSink } from '../support/smtp';
import { ask } from '../support/world';
import { Bench, range } from './setup';
import { figure, perSecond, printTable } from './table';

const PEOPLE = Number(process.env.BENCH_MAILS ?? 2_000);
const ONE_BAD_IN = 500;

const mailing = (smtp: string) => ({
	name: 'Mailing',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'enter' }),
		journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional' }),
		baseNode('Send Email', 'emailSend', 2.1, {
			fromEmail: 'shop@example.com', toEmail: '={{ $json.profile.email }}', subject: 'Hello', emailFormat: 'text', text: 'Hello', options: { appendAttribution: false },
		}, { onError: 'continueRegularOutput', credentials: { smtp: { id: smtp, name: 'SMTP' } } }),
	],
	connections: wires('Entry > Check', 'Check:0 > Send Email'),
});

describe('e-mails', () => {
	let bench: Bench;
	let smtp: SmtpSink;
	const address = (user: number) => `customer-${user}@example.com`;

	beforeAll(async () => {
		bench = await Bench.start();
		smtp = await startSmtp({ reject: (to) => range(0, PEOPLE / ONE_BAD_IN).some((bad) => to === address(bad * ONE_BAD_IN)) });
		const credential = await bench.n8n.createCredential('SMTP', 'smtp', {
			user: '', password: '', host: smtp.host, port: smtp.port, secure: false, disableStartTls: true,
		});
		await bench.publish(mailing(credential), 2);
	});
	afterAll(async () => {
		printTable(`E-mails through Send Email, ${PEOPLE.toLocaleString('en')} people, one bad address in ${ONE_BAD_IN}`);
		await bench?.stop();
		await smtp?.stop();
	});

	it('e-mails a second', async () => {
		const began = Date.now();
		await bench.send('enter', range(0, PEOPLE), (user) => ({ identities: [{ kind: 'user_id', value: `u${user}` }, { kind: 'email', value: address(user) }] }));
		await bench.until('all settled', async () => (await bench.count("deliveries WHERE status IN ('sent', 'failed')")) === PEOPLE, 600_000);
		figure({ what: 'e-mails: event in → checked → accepted by the mail server → outcome settled', measured: perSecond(PEOPLE, Date.now() - began) });
		expect(await bench.count("deliveries WHERE status = 'failed'")).toBe(PEOPLE / ONE_BAD_IN);
		expect(smtp.mails).toHaveLength(PEOPLE - PEOPLE / ONE_BAD_IN);
		await bench.until('everybody is through', async () => (await bench.count('finished')) === PEOPLE);
		const [sizes] = await ask<{ deliveries: number; finished: number }>(bench.store, "SELECT pg_total_relation_size('deliveries') AS deliveries, pg_total_relation_size('finished') AS finished");
		figure({ what: 'disk for a message, and for a journey that has ended, with their indexes', measured: `${Math.round(sizes!.deliveries / PEOPLE)} and ${Math.round(sizes!.finished / PEOPLE)} bytes` });
	});
});
