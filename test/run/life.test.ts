import { takeIn } from '../../lib/run/intake';
import type { IntakeEntry } from '../../lib/core/types';
import { freshStore, STORES, type TestStore } from '../support/stores';

describe.each(STORES)('intake on %s', (kind) => {
	let it_: TestStore;
	beforeAll(async () => {
		it_ = await freshStore(kind);
	}, 60_000);
	afterAll(async () => await it_?.drop());

	const event = (index: number, user: string, name: string, messageId?: string): IntakeEntry => ({
		index, identities: [{ kind: 'user_id', value: user }], event: { name, properties: { n: index } }, occurredAt: it_.clock.now, messageId,
	});

	it('keeps a message id once and makes one profile per person', async () => {
		const first = await takeIn(it_.store, 'test', [event(0, 'u1', 'A', 'm1'), event(1, 'u1', 'A', 'm1'), event(2, 'u2', 'A')]);
		expect(first).toMatchObject({ events: 2, duplicates: 1 });
		expect(await takeIn(it_.store, 'test', [event(0, 'u1', 'A', 'm1')])).toMatchObject({ events: 0, duplicates: 1 });
		const people = await it_.store.tx(async (db) => await db.rows('SELECT id FROM profiles'));
		expect(people).toHaveLength(2);
	});
	it('merges', async () => {
		await takeIn(it_.store, 'test', [{ index: 0, identities: [{ kind: 'anonymous_id', value: 'a' }], change: { attributes: { x: 1, y: null } }, occurredAt: it_.clock.now }]);
		await takeIn(it_.store, 'test', [{ index: 0, identities: [{ kind: 'user_id', value: 'u1' }, { kind: 'anonymous_id', value: 'a' }], occurredAt: it_.clock.now, change: { addTags: ['t'], consent: { email: 'granted' } } }]);
		const people = await it_.store.tx(async (db) => await db.rows('SELECT id, merged_into, attributes, tags, consent FROM profiles ORDER BY id'));
		expect(people).toMatchObject([{ id: 1, merged_into: null, attributes: { x: 1 }, tags: ['t'], consent: { email: { state: 'granted' } } }, {}, { merged_into: 1 }]);
	});
});
