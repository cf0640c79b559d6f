import { takeIn } from '../../lib/run/intake';
import { insertEngagements } from '../../lib/store/engagements';
import { loadStories } from '../../lib/store/story';
import type { Connection } from '../../lib/store/types';
import { explain } from '../../lib/report/explain';
import { freshStore, STORES, type TestStore } from '../support/stores';
import { ask, eventOf, makeRunning, makeWorld, type World } from '../support/world';

describe.each(STORES)('explain on %s', (kind) => {
	let test: TestStore;
	let world: World;
	beforeAll(async () => {
		test = await freshStore(kind);
		world = await makeWorld(test.store);
	}, 60_000);
	afterAll(async () => await test?.drop());

	const told = async (user: string, limit = 50, skip = 0, journey = 'shop') => {
		const [answer] = await explain(test.store, [{ identity: { kind: 'user_id', value: user }, journey, limit, skip }]);
		return Array.isArray(answer) ? answer.map(({ sentence }) => sentence) : answer;
	};
	/** Someone inside, with a journal of these rows: kind, seconds from the start, reason, detail, due after seconds, step. */
	type Row = [kind: string, at: number, reason?: string | null, detail?: object | null, due?: number | null, step?: number | null];
	const begin = new Date('2026-03-02T10:00:00.000Z');
	const withJournal = async (user: string, rows: Row[]) => {
		const [claim] = await makeRunning(test.store, world, [user], 1);
		const { id, profile_id } = claim!.people[0]!;
		for (const [what, at, reason, detail, due, step] of rows) {
			await ask(test.store, `INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
				VALUES ($1::timestamptz + make_interval(secs => $2), $1::timestamptz + make_interval(secs => $3), $4, $5, $6, $7, $8, $9, $10)`,
			[begin, at, due ?? null, what, world.journey, step === undefined ? world.state : step, profile_id, id, reason ?? null, detail ? JSON.stringify(detail) : null]);
		}
		await ask(test.store, 'DELETE FROM instances WHERE id = $1', [id]);
		return { instance: id, profile: profile_id };
	};

	it('tells the kinds of the journal with the values compared', async () => {
		await takeIn(test.store, 'test', [eventOf('story', 'Order', new Date(+begin + 1_500))], [], { match: false });
		const [event] = await ask<{ id: number; profile_id: number }>(test.store, 'SELECT id, profile_id FROM events ORDER BY id DESC LIMIT 1');
		const { profile } = await withJournal('story-rows', [
			['entered', 0, null, { event_id: event!.id }, 0, world.entry],
			['parked', 1, null, null, 86_401],
			['reset', 2, 'repeated_event', { event_id: event!.id }, 5],
			['woken', 3, 'time', { attempt: 1 }, 3],
			['woken', 4, 'event', { event_id: event!.id, output: '1:x' }, 4],
			['retry', 5, 'error', { error: 'no such address' }, 15],
			['retry', 6, 'lease', null, 6],
			['sent', 7, 'email', { delivery: 12 }, 7, world.action],
			['failed', 8, 'email', { delivery: 13, error: 'bounced' }, 8, world.action],
			['skipped', 9, 'no_consent', { channel: 'email', consent: 'denied' }, null, world.action],
			['branched', 10, 'split', { output: 'VIP', probability: 0.25 }],
			['converted', 11, 'leaves', { event_id: 999_999 }, null, null],
			['failed', 12, 'error', { error: 'poison' }],
			['done', 13, 'expired'],
			['undated', 13.2, 'no_date', { error: 'Date: nothing is not a date' }],
			['late', 13.5, null, { event_id: event!.id, output: '1:x' }, 13],
			['brand_new', 14, 'some_reason', { limit: 3, seen: 4 }],
		]);
		await ask(test.store, 'UPDATE identities SET profile_id = $1 WHERE profile_id = $2', [profile, event!.profile_id]);
		await ask(test.store, 'UPDATE events SET profile_id = $1 WHERE profile_id = $2', [profile, event!.profile_id]);
		expect(await told('story')).toEqual([
			"2026-03-02 10:00:14 UTC — Brand new at 'The state': some reason (seen 4, limit 3).",
			"2026-03-02 10:00:13 UTC — Came too late at 'The state' for the wait: event 'Order' (from 10:00:01). Its time was up 10:00:13, and had been worked on.",
			"2026-03-02 10:00:13 UTC — Could not wait at 'The state': there is no date (Date: nothing is not a date).",
			"2026-03-02 10:00:13 UTC — Left the journey at 'The state': the longest time inside was up (expired).",
			"2026-03-02 10:00:12 UTC — Given up at 'The state' after repeated errors (poison).",
			'2026-03-02 10:00:11 UTC — Reached the goal a step that is gone by an event that is no longer kept (999999), and leaves.',
			"2026-03-02 10:00:10 UTC — Went to \"VIP\" at 'The state': split (probability 0.25).",
			"2026-03-02 10:00:09 UTC — Message not sent at 'The action': no consent (channel email, consent denied).",
			"2026-03-02 10:00:08 UTC — Message failed at 'The action' by email (bounced) (delivery 13).",
			"2026-03-02 10:00:07 UTC — Message sent at 'The action' by email (delivery 12).",
			"2026-03-02 10:00:06 UTC — Put back at 'The state' because n8n stopped in the middle, next try 10:00:06.",
			"2026-03-02 10:00:05 UTC — Put back at 'The state' because the execution failed (no such address), next try 10:00:15.",
			"2026-03-02 10:00:04 UTC — Woken at 'The state' by event 'Order' (from 10:00:01).",
			"2026-03-02 10:00:03 UTC — Woken at 'The state' because time was up (due 10:00:03), try 2.",
			"2026-03-02 10:00:02 UTC — Timer started again at 'The state' because of event 'Order' (from 10:00:01), now due 10:00:05.",
			"2026-03-02 10:00:01 UTC — Began to wait at 'The state', until 2026-03-03 10:00:01 UTC at the latest.",
			"2026-03-02 10:00:00 UTC — Entered at 'The entry' by event 'Order' (from 10:00:01).",
		]);
		expect(await told('story', 2, 1)).toEqual((await told('story') as string[]).slice(1, 3));
	});

	it('tells who had to wait outside, who was held out, whose wait was changed, and who was moved', async () => {
		await takeIn(test.store, 'test', [eventOf('outside', 'Order', new Date(+begin + 1_000))], [], { match: false });
		const [event] = await ask<{ id: number; profile_id: number }>(test.store, 'SELECT id, profile_id FROM events ORDER BY id DESC LIMIT 1');
		const { profile } = await withJournal('outside-rows', [
			['delayed', 1, 'per_minute', { entered: 2, allowed: 2, event_id: event!.id }, 60, world.entry],
			['delayed', 2, 'inside', { inside: 9, allowed: 9 }, 15, world.entry],
			['held_out', 3, 'global', { percent: 10, event_id: event!.id }, null, world.entry],
			['held_out', 4, 'control', { percent: 5 }, null, world.entry],
			['rescheduled', 5, 'shortened', { before: new Date(+begin + 86_400_000) }, 3_600],
			['rescheduled', 6, 'lengthened', { before: new Date(+begin + 60_000) }, 3_600],
			['moved', 7, 'step_removed', { from: 'Wait' }],
			['moved', 8, 'undone', { from: 'Later' }],
			['moved', 9, 'operator', { from: 'Later' }],
			['late', 10, null, { event_id: event!.id, output: '1:x' }, 8],
		]);
		await ask(test.store, 'UPDATE events SET profile_id = $1 WHERE profile_id = $2', [profile, event!.profile_id]);
		expect((await told('outside-rows') as string[]).reverse().map((line) => line.slice(26))).toEqual([
			"Put back at 'The entry' although let in by event 'Order' (from 10:00:01): 2 entered in that minute, and 2 may. Looked at again 10:01:00.",
			"Put back at 'The entry': 9 were inside, and 9 may be. Looked at again 10:00:15.",
			"Held out at 'The entry' though let in by event 'Order' (from 10:00:01): they are among the 10 % of all customers who enter no journey, to measure against, and get nothing.",
			"Held out at 'The entry': they are in the holdout of this journey (5 %), to measure against, and get nothing.",
			"Waits until 11:00:00 instead of 2026-03-03 10:00:00 UTC at 'The state', since the wait was shortened.",
			"Waits until 11:00:00 instead of 10:01:00 at 'The state', since the wait was lengthened.",
			`Moved to 'The state', since "Wait" was removed from the canvas or disabled.`,
			`Brought back to 'The state' from "Later", since the publish that had removed it was undone.`,
			`Moved to 'The state' from "Later" by an operator.`,
			"Came too late at 'The state' for the wait: event 'Order' (from 10:00:01). Its time was up 10:00:08, and had been worked on.",
		]);
		await takeIn(test.store, 'test', [eventOf('full', 'Enter', test.clock.now)]);
		for (const [why, words] of [['per_minute', 'Waits to be let in, as so many enter each minute,'], ['inside', 'Waits for a place inside to become free'], ['order', 'Waits until an earlier event of theirs is decided']]) {
			await ask(test.store, "UPDATE candidates SET delayed = $1, due_at = $2 WHERE profile_id = (SELECT profile_id FROM identities WHERE value = 'full')", [why, new Date(+begin + 15_000)]);
			expect(await told('full')).toEqual([`2026-03-02 10:00:00 UTC — ${words} at 'The entry' because of event 'Enter' (from 10:00:00), next looked at 10:00:15.`]);
		}
	});

	it('tells why someone was not let in, and how often that day', async () => {
		const { profile } = await withJournal('refused', []);
		const at = (seconds: number) => new Date(+begin + seconds * 1000).toISOString();
		const refusals: Array<[string, object, number?]> = [
			['no_correlation', { property: 'order.id', event_at: at(1) }],
			['not_open_yet', { start: at(60), event_at: at(2) }],
			['closed', { end: at(1), event_at: at(3) }],
			['already_inside', { entered_at: at(0), event_at: at(4) }],
			['once', { entered_at: at(-86_400), event_at: at(5) }],
			['lock', { entered_at: at(0), free_at: at(86_400), event_at: at(6) }, 3],
			['cap', { entries: 2, allowed: 2, event_at: at(7) }],
			['restarted_at_once', { }],
			['capacity', { inside: 10, most: 10 }],
			['rollout', { percent: 30, place: 45.25, event_at: at(9) }],
			['capacity_per_minute', { entered: 5, allowed: 5, event_at: at(10) }],
			['capacity_inside', { inside: 7, allowed: 7, event_at: at(11) }],
		];
		for (const [index, [reason, detail, times]] of refusals.entries()) {
			await ask(test.store, 'INSERT INTO refusals VALUES ($1, $2, $3, $4::timestamptz::date, $4, $5, $6, $7)',
				[profile, world.journey, reason, begin, new Date(+begin + index * 1000), times ?? 1, JSON.stringify(detail)]);
		}
		expect((await told('refused') as string[]).reverse()).toEqual([
			'2026-03-02 10:00:00 UTC — Not let in: the event has no value in its property "order.id".',
			'2026-03-02 10:00:01 UTC — Not let in: the journey opens 10:01:00, the event is from 10:00:02.',
			'2026-03-02 10:00:02 UTC — Not let in: the journey closed 10:00:01, the event is from 10:00:03.',
			'2026-03-02 10:00:03 UTC — Not let in: they are inside since 10:00:00, the event is from 10:00:04.',
			'2026-03-02 10:00:04 UTC — Not let in: everyone enters once, they entered 2026-03-01 10:00:00 UTC, the event is from 10:00:05.',
			'2026-03-02 10:00:05 UTC — Not let in: they entered 10:00:00 and may again from 2026-03-03 10:00:00 UTC, the event is from 10:00:06. It was the last of 3 times that day, the first at 10:00:00.',
			'2026-03-02 10:00:06 UTC — Not let in: they have entered 2 times and may 2 times, the event is from 10:00:07.',
			'2026-03-02 10:00:07 UTC — Not let in: a newer event of the same batch let them start again.',
			'2026-03-02 10:00:08 UTC — Not let in: capacity (most 10, inside 10).',
			'2026-03-02 10:00:09 UTC — Not let in: the journey is rolled out to 30 % of all customers, and they stand at 45.25 %.',
			'2026-03-02 10:00:10 UTC — Not let in: 5 entered in that minute, and 5 may.',
			'2026-03-02 10:00:11 UTC — Not let in: 7 were inside, and 7 may be.',
		]);
	});

	it('puts where they are now on top, and says what they wait for and until when', async () => {
		await makeRunning(test.store, world, ['inside'], 1);
		expect(await told('inside')).toEqual(["2026-03-02 10:00:00 UTC — Is now on the way from 'The entry' in a running execution."]);
		await ask(test.store, `UPDATE instances SET status = 'waiting', token = NULL, wake = NULL, step_id = $1, due_at = due_at + interval '90 seconds',
			set_id = (SELECT set_id FROM steps WHERE kind = 'entry') WHERE profile_id = (SELECT profile_id FROM identities WHERE value = 'inside')`, [world.state]);
		expect(await told('inside')).toEqual(["2026-03-02 10:00:00 UTC — Is now at 'The state', waiting for 'Enter', until 10:01:30."]);
		await ask(test.store, `UPDATE instances SET expires = true, attempts = 1, error = 'no such address' WHERE profile_id = (SELECT profile_id FROM identities WHERE value = 'inside')`);
		expect(await told('inside')).toEqual(["2026-03-02 10:00:00 UTC — Is now at 'The state', waiting for 'Enter', until the longest time inside is up (10:01:30), after 1 failed try (no such address)."]);
		await ask(test.store, `UPDATE instances SET expires = false, attempts = 0, wake = 'event', set_id = NULL WHERE profile_id = (SELECT profile_id FROM identities WHERE value = 'inside')`);
		expect(await told('inside')).toEqual(["2026-03-02 10:00:00 UTC — Is now at 'The state', about to go on, due 10:01:30."]);
		await takeIn(test.store, 'test', [eventOf('newcomer', 'Enter', test.clock.now)]);
		expect(await told('newcomer')).toEqual(["2026-03-02 10:00:00 UTC — Is about to be looked at by 'The entry' because of event 'Enter' (from 10:00:00)."]);
	});

	it('tells of messages on their way once, and of what became of them', async () => {
		const { instance, profile } = await withJournal('mailed', [['sent', 5, 'email', { delivery: 900 }, 4, world.action]]);
		await ask(test.store, `INSERT INTO deliveries (id, profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at, settled_at)
			OVERRIDING SYSTEM VALUE SELECT d.id, $1, $2, $3, $4, d.id, 'email', 'marketing', d.status, 'e', gen_random_uuid(), $5, CASE d.status WHEN 'sent' THEN $5::timestamptz END
			FROM (VALUES (900, 'sent'), (901, 'claimed')) d(id, status)`, [profile, world.journey, world.action, instance, begin]);
		await ask(test.store, `INSERT INTO engagements VALUES (900, 'clicked', $1::timestamptz + interval '9 seconds', $2, '{"url": "https://example.com"}')`, [begin, profile]);
		await ask(test.store, `INSERT INTO conversions VALUES ($1, $2, $3, $4, 1, $5, true, 12.5, 'EUR')`, [profile, world.journey, world.state, instance, begin]);
		await ask(test.store, `INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason) VALUES ($1::timestamptz + interval '10 seconds', 'converted', $2, $3, $4, $5, 'stays')`,
			[begin, world.journey, world.state, profile, instance]);
		await ask(test.store, `INSERT INTO finished VALUES ($1, $2, $3, $4, '', 'done', 'completed', NULL, $5, $5::timestamptz - interval '400 days', 1, '{}')`, [instance, profile, world.journey, world.state, begin]);
		expect(await told('mailed')).toEqual([
			"2026-03-02 10:00:10 UTC — Reached the goal 'The state' worth 12.5 EUR, and stays where they are.",
			"2026-03-02 10:00:09 UTC — The message of 'The action' by email was clicked (delivery 900, url https://example.com).",
			"2026-03-02 10:00:05 UTC — Message sent at 'The action' by email (delivery 900).",
			"2026-03-02 10:00:00 UTC — Message claimed at 'The action' by email, its outcome is not known yet (delivery 901).",
			"2025-01-26 10:00:00 UTC — Left the journey at 'The state': nothing more was to come (completed).",
		]);
	});

	it('reads a story by indexes only', async () => {
		const plan = await test.store.tx(async (db) => {
			await db.rows('SET LOCAL enable_seqscan = off');
			const lines: string[] = [];
			const explaining: Connection = { now: db.now, rows: async (sql, params) => {
				lines.push(...(await db.rows<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`, params)).map((row) => row['QUERY PLAN']));
				return [];
			} };
			await loadStories(explaining, [{ profile_id: 1, journey_id: 1, most: 50, skip: 0 }]);
			await insertEngagements(explaining, []);
			return lines;
		});
		expect(plan.length).toBeGreaterThan(30);
		expect(plan.filter((line) => /Seq Scan/.test(line))).toEqual([]);
	});

	it('says so when nothing is on record, or nobody or no journey is meant', async () => {
		await takeIn(test.store, 'test', [eventOf('stranger', 'Other', test.clock.now)]);
		expect(await told('stranger')).toEqual(['2026-03-02 10:00:00 UTC — Nothing is on record: no event of this customer has matched the Entry Trigger of "shop" while it was published.']);
		expect(await told('nobody')).toEqual({ problem: 'no customer has the user ID "nobody": check the value, or whether it was ever sent' });
		expect(await told('stranger', 5, 0, 'nowhere')).toEqual({ problem: 'no journey has the key "nowhere": use one of: shop' });
	});
});
