import { inspect } from 'node:util';

import { settingsOf, storeSettings, type JourneyContext } from '../../nodes/shared/engine';

const credential = { host: 'db.example.com', port: 5432, database: 'shop', user: 'shop', password: 'a/b', redis: true, redisHost: '10.0.0.5', redisPort: 6379, redisSsl: 'disable', ssl: 'disable' };

describe('where a credential leads', () => {
	it.each([
		['db.example.com', 'db.example.com'], [' db.example.com ', 'db.example.com'], ['my_db', 'my_db'], ['10.0.0.5', '10.0.0.5'],
		['::1', '[::1]'], ['[::1]', '[::1]'], ['2001:DB8:0::5', '[2001:db8::5]'],
	])('is the host %p', (host, expected) => {
		const { url, redis } = settingsOf({ ...credential, host, redisHost: host });
		expect([url, redis!.url]).toEqual([`postgres://shop:a%2Fb@${expected}:5432/shop`, `redis://${expected}:6379/0`]);
	});

	it.each(['10.0.0.5:6379', 'redis://10.0.0.5', 'a b', 'db/shop', 'db?x', 'db#x', '', ' ', '/run/postgresql', '[db]', 'fe80::1%eth0'])('is never localhost instead of %p', (host) => {
		expect(() => settingsOf({ ...credential, host })).toThrow(`Credential Journey Store, Host: "${host}" cannot be used. Enter a name`);
		expect(() => settingsOf({ ...credential, redisHost: host })).toThrow(`Credential Journey Store, Redis Host: "${host}" cannot be used. Enter a name`);
	});

	it('is refused without a password that came with it', () => {
		expect(() => settingsOf({ ...credential, host: 'postgres://shop:secret@db' })).toThrow('Credential Journey Store, Host: "…@db" cannot be used.');
	});

	it.each([0, -1, 65_536, 5432.5, '5432a', ''])('is never the usual port instead of %p', (port) => {
		expect(() => settingsOf({ ...credential, port })).toThrow(`Credential Journey Store, Port: "${port}" cannot be used.`);
		expect(() => settingsOf({ ...credential, redisPort: port })).toThrow(`Credential Journey Store, Redis Port: "${port}" cannot be used.`);
	});
});

describe('where the environment leads', () => {
	const environment = { ...process.env };
	afterEach(() => (process.env = { ...environment }));
	const context = { getNode: () => ({ name: 'Entry' }) } as unknown as JourneyContext;
	const ask = async (store: string, redis?: string) => {
		process.env = { ...environment, JOURNEY_STORE_URL: store, ...(redis !== undefined && { JOURNEY_REDIS_URL: redis }) };
		return await storeSettings(context);
	};
	const GOOD = 'postgres://shop:secret@db/shop';

	it('is what it says', async () => {
		expect(await ask(`${GOOD}\n`, ' rediss://:secret@redis:6380/1')).toMatchObject({ url: GOOD, redis: { url: 'rediss://:secret@redis:6380/1' } });
		for (const url of ['postgresql://db', 'postgres://shop@/shop?host=/run/postgresql']) expect(await ask(url)).toMatchObject({ url });
		expect(await ask(GOOD, '')).not.toHaveProperty('redis');
	});

	it.each([
		['JOURNEY_STORE_URL', 'postgres://shop:sec/ret@db/shop'], ['JOURNEY_STORE_URL', 'postgres://shop:1sec#ret@db'], ['JOURNEY_STORE_URL', 'shop:sec_ret@db/shop'],
		['JOURNEY_STORE_URL', 'redis://sec_ret@db'], ['JOURNEY_REDIS_URL', 'redis://:sec/ret@redis'], ['JOURNEY_REDIS_URL', 'redis:6379'],
		['JOURNEY_REDIS_URL', 'redis://shop:12#ret@redis'], ['JOURNEY_REDIS_URL', 'http://:sec_ret@redis'],
	])('is refused by the name of %s, and the password stays out of it: %s', async (variable, url) => {
		const error = await (variable === 'JOURNEY_STORE_URL' ? ask(url) : ask(GOOD, url)).catch((one: Error) => one);
		expect(error).toMatchObject({ name: 'StoreError', message: expect.stringContaining(`${variable} is not a URL of the form `) });
		expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/ret@|12#|sec_/);
	});
});
