import type { ICredentialTestFunctions } from 'n8n-workflow';
import { JourneyEntryTrigger } from '../../nodes/JourneyEntryTrigger/JourneyEntryTrigger.node';
import { freshDatabase } from '../support/postgres';

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
		['the schema name is no plain one', { schema: 'a"b' }, /schema "a"b" cannot be used. Use lower-case letters/],
	])('says what is wrong when %s', async (_, wrong, words) => {
		expect(await press(wrong)).toEqual({ status: 'Error', message: expect.stringMatching(words) });
	});
});
