import Redis from 'ioredis';
import { Client } from 'pg';
import { freshDatabase, startPostgres } from '../support/postgres';
import { startRedis } from '../support/redis';

jest.setTimeout(60_000);

async function query<R extends object>(url: string, sql: string): Promise<R[]> {
	const client = new Client({ connectionString: url });
	await client.connect();
	try {
		return (await client.query<R>(sql)).rows;
	} finally {
		await client.end();
	}
}

describe('Postgres under test', () => {
	it('keeps committed rows through an immediate stop, and is durable by its settings', async () => {
		const server = await startPostgres();
		await query(server.url, 'CREATE TABLE kept (n int)');
		await query(server.url, 'INSERT INTO kept VALUES (1)');
		const pid = server.pid();
		await server.stopNow();
		await expect(query(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
		await server.start();
		expect(server.pid()).not.toBe(pid);
		expect(server.logs()).toContain('database system was not properly shut down');
		expect(await query(server.url, 'SELECT * FROM kept')).toEqual([{ n: 1 }]);
		const settings = await query<{ name: string; setting: string }>(server.url,
			'SELECT name, setting FROM pg_settings WHERE name IN (\'fsync\', \'synchronous_commit\', \'full_page_writes\', \'server_version_num\')');
		expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
			fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', server_version_num: expect.stringMatching(/^15/),
		});
		await server.stop();
	});

	it('gives each caller a database of its own, empty or copied', async () => {
		const first = await freshDatabase();
		await query(first.url, 'CREATE TABLE mine (n int)');
		const copy = await freshDatabase(first.name);
		const empty = await freshDatabase();
		expect(await query(copy.url, 'SELECT * FROM mine')).toEqual([]);
		await expect(query(empty.url, 'SELECT * FROM mine')).rejects.toThrow('does not exist');
		for (const database of [first, copy, empty]) await database.drop();
		await expect(query(first.url, 'SELECT 1')).rejects.toThrow('does not exist');
	});
});

describe('Redis under test', () => {
	it('answers, and answers again after kill -9', async () => {
		const redis = await startRedis();
		if (redis === undefined) return;
		const client = new Redis(redis.url, { retryStrategy: () => 20 });
		client.on('error', () => {}); // the kill below
		expect(await client.ping()).toBe('PONG');
		await redis.kill();
		await redis.start();
		expect(await client.ping()).toBe('PONG');
		client.disconnect();
		await redis.stop();
	});
});
