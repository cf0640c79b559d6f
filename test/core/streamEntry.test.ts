import { readStreamEntry } from '../../lib/core/segment/streamEntry';

const now = new Date('2026-03-10T12:00:00.000Z');
const track = { type: 'track', userId: 'u1', event: 'Seen' };
const read = (fields: string[], id = `${+now - 5_000}-3`) => readStreamEntry(id, fields, { stream: 's', index: 0, now, latenessDays: 7 });
const message = (more: object, id?: string) => read(['message', JSON.stringify({ ...track, ...more })], id) as { entry: { messageId: string; occurredAt: Date } };

describe('an entry of a Redis stream', () => {
	it('is one message as JSON, which arrived when Redis took it', () => {
		expect(message({}).entry).toMatchObject({ event: { name: 'Seen' }, identities: [{ kind: 'user_id', value: 'u1' }], occurredAt: new Date(+now - 5_000) });
		expect(read(['source', 'shop', 'message', JSON.stringify(track)])).toMatchObject({ entry: { event: { name: 'Seen' } }, body: JSON.stringify(track) });
	});

	it('is told from others by its own id, if the message has none', () => {
		expect(message({}).entry.messageId).toBe(`s ${+now - 5_000}-3`);
		expect(message({ messageId: 'm1' }).entry.messageId).toBe('m1');
	});

	it('may have waited in Redis for longer than an event may be late, but not have happened so long before', () => {
		const weeksAgo = `${+now - 20 * 86_400_000}-0`;
		expect(message({}, weeksAgo).entry.occurredAt).toEqual(new Date(+now - 20 * 86_400_000));
		expect(message({ timestamp: '2026-02-01T00:00:00Z' })).toEqual({ reason: expect.stringContaining('older than the lateness limit of 7 days'), body: expect.any(String), messageId: `s ${+now - 5_000}-3`, arrivedAt: new Date(+now - 5_000) });
	});

	it('is refused when it has waited for longer than repetitions are known', () => {
		const before = (days: number) => message({}, `${+now - days * 86_400_000}-0`);
		expect(before(29)).toHaveProperty('entry');
		expect(before(30)).toEqual({ reason: expect.stringContaining('it has waited in Redis since 2026-02-08'), body: expect.any(String), messageId: `s ${+now - 30 * 86_400_000}-0`, arrivedAt: new Date(+now - 30 * 86_400_000) });
	});

	it.each(['7-1', '99999999999999-0', '0-1'])('arrives now, if its id %s is no time', (id) => {
		expect(message({}, id).entry.occurredAt).toEqual(now);
		expect(message({}, id)).not.toHaveProperty('arrivedAt');
	});

	it.each<[string[], string]>([
		[['event', 'Seen'], 'the entry has no field named message: write XADD s * message'],
		[['other', 'message'], 'the entry has no field named message'],
		[['message', '{'], 'message is not valid JSON'],
		[['message', '[]'], 'the message must be an object, found a list'],
		[['message', '{"type":"track","event":"Seen"}'], 'userId and anonymousId are both missing'],
	])('is refused when it is %j', (fields, reason) => {
		expect(read(fields)).toEqual({ reason: expect.stringContaining(reason), body: expect.any(String), messageId: `s ${+now - 5_000}-3`, arrivedAt: new Date(+now - 5_000) });
	});

	it('is kept with its fields when its message is empty: an empty text is one that was erased', () => {
		expect(read(['message', ''])).toMatchObject({ reason: expect.stringContaining('message is not valid JSON'), body: '["message",""]' });
	});
});
