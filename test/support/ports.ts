import { createServer, type AddressInfo } from 'node:net';

/** A loopback port nobody listens on now. Another process may take it before you do: start your server at once. */
export async function freePort(): Promise<number> {
	return await new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address() as AddressInfo;
			server.close(() => resolve(port));
		});
	});
}
