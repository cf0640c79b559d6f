import { Client, type ClientConfig } from 'pg';

import { cutOff } from './silence';
import { schemaName } from './transaction';

/** LISTEN needs a session of its own. It is only a hint: while it is away, the poll carries everything. */
export class HintChannel {
	private client?: Client;
	private closed = false;
	private retry?: NodeJS.Timeout;

	constructor(
		private readonly config: ClientConfig,
		private readonly channel: string,
		private readonly onHint: () => void,
	) {}

	open(): void {
		this.closed = false;
		if (this.client) return;
		clearTimeout(this.retry);
		const client = new Client(this.config);
		this.client = client;
		const again = () => {
			if (this.client !== client) return;
			this.client = undefined;
			client.end().catch(() => undefined);
			if (!this.closed) this.retry = setTimeout(() => this.open(), 5_000).unref();
		};
		client.on('notification', this.onHint);
		client.on('error', again);
		client.on('end', again);
		client
			.connect()
			.then(async () => await client.query(`LISTEN ${schemaName(this.channel)}`))
			.catch(again);
	}

	/** Its session may be as silent as another that was found to be. */
	renew(): void {
		const client = this.client;
		if (!client) return;
		this.client = undefined;
		cutOff(client);
		this.open();
	}

	async close(): Promise<void> {
		this.closed = true;
		clearTimeout(this.retry);
		const client = this.client;
		this.client = undefined;
		await client?.end().catch(() => undefined);
	}
}
