import { simpleParser } from 'mailparser';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Mail {
	/** the addresses the server was told to deliver to */
	to: string[];
	subject: string;
	text: string;
	/** names in lower case */
	headers: Record<string, string>;
	messageId: string;
	/** when it was accepted */
	at: Date;
}

export interface SmtpSink {
	host: string;
	port: number;
	/** every mail accepted so far, in order */
	mails: Mail[];
	/** every recipient answered 550, in order */
	rejected: string[];
	stop(): Promise<void>;
}

export interface SmtpOptions {
	/** addresses that bounce (550) */
	reject?: (address: string) => boolean;
	/** milliseconds from the end of a mail to its acceptance; default 0 */
	takes?: number;
}

/** An SMTP server on loopback that keeps what it gets; no TLS, any or no login. */
export async function startSmtp({ reject = () => false, takes = 0 }: SmtpOptions = {}): Promise<SmtpSink> {
	const mails: Mail[] = [];
	const rejected: string[] = [];
	const server = new SMTPServer({
		authOptional: true,
		disabledCommands: ['STARTTLS'],
		disableReverseLookup: true,
		logger: false,
		onAuth: ({ username }, _session, callback) => callback(null, { user: username }),
		onRcptTo({ address }, _session, callback) {
			if (!reject(address)) return callback();
			rejected.push(address);
			callback(Object.assign(new Error(`No such mailbox: ${address}`), { responseCode: 550 }));
		},
		onData(stream, session, callback) {
			const to = session.envelope.rcptTo.map(({ address }) => address);
			void simpleParser(stream).then((mail) => {
				const headers = Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).trim()]));
				mails.push({ to, headers, subject: mail.subject ?? '', text: (mail.text ?? '').trim(), messageId: mail.messageId ?? '', at: new Date() });
				setTimeout(callback, takes);
			}, callback);
		},
	});
	server.on('error', (error) => console.error(`SMTP sink: ${error.message}`)); // a client killed in mid-send is no reason to end
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	server.server.unref(); // the sink keeps no process alive
	const { port } = server.server.address() as AddressInfo;
	return { host: '127.0.0.1', port, mails, rejected, stop: async () => await new Promise((resolve) => server.close(resolve)) };
}
