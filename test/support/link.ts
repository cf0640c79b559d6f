import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server on loopback that can go silent without ending, as a firewall makes it that drops packets. */
export class Link {
	private readonly pairs = new Set<[Socket, Socket]>();
	private readonly silent = new Set<[Socket, Socket]>();
	private passes = true;
	/** How many connections were ever made over it. */
	made = 0;

	private constructor(private readonly server: Server, readonly url: string) {}

	static async to(url: string): Promise<Link> {
		const target = new URL(url);
		const server = createServer();
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const own = new URL(url);
		own.port = String((server.address() as AddressInfo).port);
		const link = new Link(server, own.href);
		server.on('connection', (near) => link.pair(near, connect(Number(target.port), target.hostname)));
		return link;
	}

	/** Nothing passes any more, in either direction or towards the client, not even an end. New connections are as before. */
	silence(towards: 'both' | 'client' = 'both'): void {
		for (const pair of this.pairs) {
			const [near, far] = pair;
			this.silent.add(pair);
			far.unpipe(near).pause();
			if (towards === 'both') near.unpipe(far).pause();
		}
	}

	/** New connections are taken, and silent as well, until it is opened again. */
	block(blocked = true): void {
		this.passes = !blocked;
	}

	/** How many connections are there now. */
	get open(): number {
		return this.pairs.size;
	}

	async close(): Promise<void> {
		for (const pair of this.pairs) pair.forEach((socket) => socket.destroy());
		await new Promise((resolve) => this.server.close(resolve));
	}

	private pair(near: Socket, far: Socket): void {
		const pair: [Socket, Socket] = [near, far];
		this.pairs.add(pair);
		this.made++;
		if (!this.passes) this.silent.add(pair);
		const end = () => {
			if (this.silent.has(pair)) return;
			this.pairs.delete(pair);
			pair.forEach((socket) => socket.destroy());
		};
		for (const socket of pair) socket.on('error', end).on('close', end);
		if (this.passes) near.pipe(far).pipe(near);
	}
}
