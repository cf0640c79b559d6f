import type { ICredentialTestFunctions } from 'n8n-workflow';
import { JourneyEntryTrigger } from '../../nodes/JourneyEntryTrigger/JourneyEntryTrigger.node';
import { Redis } from 'ioredis';
import { freshDatabase } from '../support/postgres';
import { startRedis, type RedisServer } from '../support/redis';

describe('the Test button of a Journey Store credential', () => {
	const { methods, description } = new JourneyEntryTrigger();
	const press = async (more: object) => {
		const url = new URL((await freshDatabase()).url);
		const data = {
			host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), user: decodeURIComponent(url.username),
			password: decodeURIComponent(url.password), schema: 'journey', ssl: 'disable', ...more,
		};
		return await methods.credentialTest.testStore.call({} as ICredentialTestFunctions, { id: '1', name: 'Store', type: 'journeyStore', data });
	};

	it('is the one that n8n looks for', () => {
		expect(description.credentials).toEqual([expect.objectContaining({ name: 'journeyStore', testedBy: 'testStore' })]);
	});

	it('says which Postgres answers', async () => {
		expect(await press({})).toEqual({ status: 'OK', message: expect.stringMatching(/^Connected to Postgres 1[5-9]\./) });
	});

	it.each([
		['nobody listens', { port: 1 }, /ECONNREFUSED/],
		['nobody listens on any address of a name', { host: 'localhost', port: 1 }, /ECONNREFUSED/],
		['the database is not there', { database: 'nowhere' }, /database "nowhere" does not exist/],
		['the server speaks no TLS', { ssl: 'verify' }, /does not support SSL/],
		['the host is not one', { host: '127.0.0.1:5432' }, /^Credential Journey Store, Host: "127\.0\.0\.1:5432" cannot be used/],
		['the schema name is no plain one', { schema: 'a"b' }, /schema "a"b" cannot be used. Use lower-case letters/],
	])('says what is wrong when %s', async (_, wrong, words) => {
		expect(await press(wrong)).toEqual({ status: 'Error', message: expect.stringMatching(words) });
	});

	describe('with a Redis', () => {
		let server: RedisServer | undefined;
		beforeAll(async () => {
			server = await startRedis();
			if (!server) return;
			const redis = new Redis(server.url);
			await redis.set('text', 'x');
			await redis.call('ACL', 'SETUSER', 'shop', 'on', '>right', '~*', '+@all');
			await redis.call('ACL', 'SETUSER', 'reader', 'on', '>right', '+ping');
			redis.disconnect();
		});
		afterAll(async () => await server?.stop());
		const pressWith = async (more: object) => await press({ redis: true, redisHost: '127.0.0.1', redisPort: server!.port, redisDatabase: 0, redisSsl: 'disable', stream: 'journey:events', group: 'journey', ...more });

		it('says which Redis answers, too', async () => {
			if (!server) return;
			const OK = { status: 'OK', message: expect.stringMatching(/^Connected to Postgres 1[5-9]\.\S+( \(.*\))? and Redis \d+\.\d+/) };
			expect(await pressWith({})).toEqual(OK);
			expect(await pressWith({ redisUser: 'shop', redisPassword: 'right' })).toEqual(OK);
		});

		it.each([
			['nobody listens', { redisPort: 1 }, /^Redis 127\.0\.0\.1:1, database 0 cannot be used \(.*ECONNREFUSED.*\)\. Check Redis Host, Port/],
			['the host is not one', { redisHost: 'redis://127.0.0.1' }, /^Credential Journey Store, Redis Host: "redis:\/\/127\.0\.0\.1" cannot be used/],
			['the password is wrong', { redisUser: 'shop', redisPassword: 'wrong' }, /cannot be used \(WRONGPASS/],
			['the server speaks no TLS', { redisSsl: 'verify' }, /cannot be used \(/],
			['the user may not do much', { redisUser: 'reader', redisPassword: 'right' }, /refuses: NOPERM|cannot be used \(NOPERM/],
			['the stream is something else', { stream: 'text' }, /has a string under "text"\. Enter another Event Stream\./],
			['the database is not there', { redisDatabase: 99 }, /DB index/],
		])('says what is wrong when %s', async (_, wrong, words) => {
			if (!server) return;
			expect(await pressWith(wrong)).toEqual({ status: 'Error', message: expect.stringMatching(words) });
		});
	});
});
