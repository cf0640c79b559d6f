import type { IntakeEntry } from '../../lib/core/types';
import { takeIn } from '../../lib/run/intake';
import { insertRejected } from '../../lib/store/events';
import type { Store } from '../../lib/store/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

const entry = (more: object = {}) => journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', ...more });
const end = baseNode('End', 'noOp', 1);
const customer = (operation: string, value: string, more: object = {}) =>
	({ resource: 'customer', operation, identityKind: 'user_id', identity: value, journey: { mode: 'key', value: 'journey' }, ...more });
const journey = (operation: string, more: object) => ({ resource: 'journey', operation, journey: { mode: 'key', value: 'journey' }, ...more });

/** Tables, partitions and all, that hold this text in any column of any type. */
async function tablesWith(store: Store, text: string): Promise<string[]> {
	const tables = await ask<{ name: string }>(store, "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1");
	const found: string[] = [];
	for (const { name } of tables) {
		if ((await ask(store, `SELECT 1 FROM "${name}" t WHERE t::text ILIKE $1 LIMIT 1`, [`%${text}%`])).length > 0) found.push(name.replace(/_(\d{4}_\d{2}|other)$/, ''));
	}
	return [...new Set(found)];
}

journeys('erasing and exporting a customer', (open) => {
	const check = journeyNode('May we?', 'journeyAction', { ifConsentUnknown: 'send' });
	const mail = baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: 'Hello', text: 'Hello' }, { onError: 'continueRegularOutput' });
	const canvas = {
		name: 'Applications',
		nodes: [
			entry({ options: { correlation: 'application' }, values: { value: [{ name: 'note', path: 'note' }] } }),
			eventState('Wait', [{ event: 'paid', output: 'paid', filters: { conditions: [{ path: 'note', operator: 'is', value: '={{ $json.context.note }}' }] } }], [1, 'hours']), check, mail,
		],
		connections: wires('Entry > Wait', 'Wait:0 > May we?', 'Wait:1 > May we?', 'May we? > Mail'),
	};
	const cart = (who: string, application: string) => ({ who, event: 'cart', properties: { application: `${who} ${application}`, note: `note of ${who}` }, messageId: `${who} ${application}` });

	/** Somebody who was nobody known, and is merged later. */
	const visitor = (who: string, at: Date): IntakeEntry => ({
		index: 0, identities: [{ kind: 'anonymous_id', value: `visitor ${who}` }], occurredAt: at,
		event: { name: 'cart', properties: { application: `${who} c`, note: who } }, change: { attributes: { merged: who } },
	});

	/** Two people who leave traces wherever anybody can. */
	const lived = async (who: string[], run: Awaited<ReturnType<typeof open>>) => {
		for (const one of who) {
			const email = `${one}@example.com`;
			await run.send(
				{ who: one, email, change: { attributes: { email, name: one, phone: `+1 555 ${one}` }, addTags: ['vip'], consent: { email: 'granted' }, locale: 'tr' }, messageId: `consent of ${one}` },
			);
			await run.send(cart(one, 'a'));
			await takeIn(run.store, 'test', [visitor(one, run.now)]);
		}
		await run.pass('2 hours');
		for (const one of who) {
			await takeIn(run.store, 'test', [{ ...visitor(one, run.now), identities: [...visitor(one, run.now).identities, { kind: 'user_id', value: one }], alias: true }]);
			await run.send(cart(one, 'b'), { who: one, event: 'cart', properties: { note: one } });
		}
		await run.pass('1 minute');
		await run.store.tx(async (db) => {
			await db.rows(`INSERT INTO engagements SELECT d.id, 'clicked', $1, d.profile_id, jsonb_build_object('agent', i.value) FROM deliveries d JOIN identities i USING (profile_id) WHERE i.kind = 'user_id' AND i.value <> 'x'`, [db.now]);
			await db.rows("UPDATE deliveries d SET provider_id = 'from ' || i.value FROM identities i WHERE i.profile_id = d.profile_id AND i.kind = 'email'");
			await insertRejected(db, 'test', who.flatMap((one, position) => [{ position, reason: `Email "${one}@example.com" is not one`, body: `{"userId":"${one}"}` }, { position, reason: 'no event', body: `{"traits":{"email":"${one.toUpperCase()}@example.com"}}` }]));
		});
	};

	it('leaves nothing of one behind in any column of any table, counts as they were, and everybody else as they are', async () => {
		const run = await open(canvas, { mailer: { bounces: ['zebra@example.com'] } });
		await lived(['zebra', 'lioness'], run);
		const others = async () => await ask(run.store, "SELECT to_jsonb(t) AS row FROM journal t WHERE profile_id IN (SELECT profile_id FROM identities WHERE value LIKE 'lioness%') ORDER BY id");
		const counts = async () => await ask(run.store, `SELECT (SELECT count(*) FROM profiles) AS profiles, (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM enrolments) AS enrolments,
			(SELECT sum(entries) FROM enrolments) AS entries, (SELECT count(*) FROM deliveries WHERE status = 'failed') AS failed, (SELECT count(*) FROM refusals) AS refused, (SELECT count(*) FROM rejected) AS rejected,
			(SELECT count(*) FROM finished) + (SELECT count(*) FROM instances) AS instances, (SELECT count(*) FROM engagements) AS engagements`);
		// The search finds what is there, or it would prove nothing.
		expect(await tablesWith(run.store, 'zebra')).toEqual(expect.arrayContaining(['consents', 'deliveries', 'engagements', 'enrolments', 'events', 'finished', 'identities', 'instances', 'journal', 'profiles', 'rejected']));
		// As if the step of their wait had been removed.
		await ask(run.store, `INSERT INTO moves SELECT i.id, i.step_id, i.step_id, i.visit, now(), jsonb_build_object('was', p.email)
			FROM instances i JOIN profiles p ON p.id = i.profile_id WHERE p.email LIKE 'zebra%' OR p.email LIKE 'lioness%'`);
		const [before, untouched, counted] = [await tablesWith(run.store, 'lioness'), await others(), await counts()];

		const [exported] = await run.control(customer('export', 'zebra'));
		expect(exported).toMatchObject({
			profile: { email: 'zebra@example.com', attributes: { name: 'zebra', merged: 'zebra' } },
			identities: expect.arrayContaining([{ kind: 'email', value: 'zebra@example.com' }, { kind: 'user_id', value: 'zebra' }]), consent: { email: { state: 'granted' } },
			journeys: [{ key: 'journey', step: 'Wait', status: 'waiting' }],
			records: { events: expect.arrayContaining([expect.objectContaining({ name: 'cart', properties: { application: 'zebra a', note: 'note of zebra' } })]), deliveries: expect.anything(), refusals: expect.anything(),
				moves: [expect.objectContaining({ wait: { was: 'zebra@example.com' } })] },
			rejected: [expect.objectContaining({ body: '{"userId":"zebra"}' }), expect.objectContaining({ body: '{"traits":{"email":"ZEBRA@example.com"}}' })],
		});
		expect(JSON.stringify(exported)).not.toContain('lioness');

		const [erased] = await run.control(customer('erase', 'zebra'));
		expect(erased).toMatchObject({ profile: expect.any(Number), ended: 1, remains: expect.arrayContaining([expect.stringMatching(/executions that n8n keeps/)]) });
		expect(await tablesWith(run.store, 'zebra')).toEqual(await tablesWith(run.store, 'nobody at all'));
		expect([await tablesWith(run.store, 'lioness'), await others(), await counts()]).toEqual([before, untouched, counted]);
		await run.pass('1 day');
		expect(await tablesWith(run.store, 'zebra')).toEqual([]);
		await expect(run.control(customer('erase', 'zebra'))).rejects.toThrow('Customer: nobody has this user ID. Check the value; or they were erased already.');
		expect(run.mails.map(({ to }) => to).filter((to) => to.startsWith('zebra@'))).toEqual([]);

		await run.send(cart('zebra', 'a2'));
		await run.pass('0 seconds');
		expect((await run.timeline()).slice(-2)).toEqual(['+1d2h1m zebra/zebra a2 entered Entry', '+1d2h1m zebra/zebra a2 parked Wait until +1d3h1m']);
	});
});

journeys('operators and the people in a journey', (open) => {
	const broken = baseNode('Code', 'code', 2, { mode: 'runOnceForEachItem', jsCode: "if ($json.event.properties.total === 'poison') throw new Error('total is no number');\nreturn $input.item;" });
	const mended = baseNode('Code', 'code', 2, { mode: 'runOnceForEachItem', jsCode: 'return $input.item;' });
	const canvas = (code: object) => ({
		name: 'Carts',
		nodes: [entry(), eventState('Wait', [{ event: 'order', output: 'ordered' }], [1, 'days']), code as never, delayState('Later', 2, 'hours'), delayState('Never reached', 1, 'days', {}), end],
		connections: wires('Entry > Wait', 'Wait:1 > Code', 'Code > Later', 'Later > End', 'Never reached > End'),
	});

	it('send people on who were given up, at the step and with the event where they failed', async () => {
		const run = await open(canvas(broken));
		await run.send(...['customer-1', 'customer-2'].map((who) => ({ who, event: 'cart' })));
		await run.pass('1 minute');
		await run.send(...['customer-1', 'customer-2'].map((who) => ({ who, event: 'order', properties: { total: 'poison' } })));
		await run.pass('1 hour');
		expect(run.takeProblems().length).toBeGreaterThan(5);
		expect(await ask(run.store, "SELECT 1 FROM finished WHERE status = 'failed'")).toHaveLength(2);
		await run.publish(canvas(mended));
		expect(await run.control(customer('sendOn', 'customer-1'))).toEqual([{ sentOn: 1 }]);
		await run.pass('3 hours');
		expect((await run.timeline('customer-1')).slice(-5)).toEqual([
			'+1h1m retry Wait: operator', '+1h1m woken Wait: event → ordered', '+1h1m parked Later until +3h1m', '+3h1m woken Later: time', '+3h1m done: completed',
		]);
		expect(run.itemsOf('End').map(({ json }) => (json.event as { properties: object }).properties)).toEqual([{ total: 'poison' }]);
		expect(await run.control(journey('sendOn', {}))).toEqual([{ journey: 'journey', sentOn: 1 }]);
		expect(await run.control(journey('sendOn', {}))).toEqual([{ journey: 'journey', sentOn: 0 }]);
		await run.pass('3 hours');
		expect(run.itemsOf('End')).toHaveLength(2);
		expect(await ask(run.store, 'SELECT status FROM finished')).toEqual([{ status: 'done' }, { status: 'done' }]);
		const story = await run.control(customer('story', 'customer-1'));
		expect(story.map(({ sentence }) => String(sentence)).find((one) => one.includes('operator'))).toMatch(/Put back at 'Wait' because an operator sent them on/);
	});

	it('take those out whom a goal or an exit criterion has reached meanwhile, and let the others go on', async () => {
		const goal = (name: string, event: string, type: string) => journeyNode(name, 'journeyConversionGoal', { event, type });
		const withGoals = (code: object) => ({ ...canvas(code), nodes: [...canvas(code).nodes, goal('Bought', 'bought', 'conversion'), goal('Gone', 'uninstalled', 'exit')] });
		const run = await open(withGoals(broken));
		const all = ['customer-1', 'customer-2', 'customer-3'];
		await run.send(...all.map((who) => ({ who, event: 'cart' })));
		await run.pass('1 minute');
		await run.send(...all.map((who) => ({ who, event: 'order', properties: { total: 'poison' } })));
		await run.pass('1 hour');
		run.takeProblems();
		await run.send({ who: 'customer-1', event: 'bought' }, { who: 'customer-2', event: 'uninstalled' });
		await run.publish(withGoals(mended));
		await run.pass('1 hour');
		expect(await run.control(journey('sendOn', {}))).toEqual([{ journey: 'journey', sentOn: 3 }]);
		await run.pass('3 hours');
		const since = async (who: string) => (await run.timeline(who)).filter((line) => line.startsWith('+2h1m') || line.startsWith('+4h1m'));
		expect(await since('customer-1')).toEqual(['+2h1m retry Wait: operator', '+2h1m converted Bought: leaves', '+2h1m done: converted']);
		expect(await since('customer-2')).toEqual(['+2h1m retry Wait: operator', '+2h1m exited Gone: leaves', '+2h1m done: exit_criterion']);
		expect((await since('customer-3')).at(-1)).toBe('+4h1m done: completed');
		expect(await ask(run.store, 'SELECT 1 FROM conversions')).toHaveLength(1);
	});

	it('see how everything is: late, given up, silent; and nothing when all is well', async () => {
		const run = await open(canvas(broken));
		const check = async () => (await run.control({ resource: 'store', operation: 'health' }))[0];
		await run.send({ who: 'customer-1', event: 'cart' }, { who: 'customer-2', event: 'cart' });
		await run.pass('1 hour');
		expect(await check()).toEqual({ ok: true, latenessSeconds: 0, overdue: 0, failed: 0, unknownMessages: 0, lastEventAt: '2026-03-02T10:00:00.000Z', skipped: [], missedRuns: [], rejectedEvents: 0, megabytes: expect.any(Number), warnings: [] });
		await run.send({ who: 'customer-1', event: 'order', properties: { total: 'poison' } });
		await run.pass('10 minutes');
		run.takeProblems();
		await ask(run.store, "UPDATE instances SET due_at = $1 WHERE status = 'waiting'", [new Date(+run.now - 7 * 60_000)]);
		expect(await check()).toMatchObject({ ok: false, latenessSeconds: 420, overdue: 1, failed: 1, warnings: [
			"People are late: at 'Wait' of journey (1), the longest by 7 minutes.",
			'People were given up in the last 24 hours after repeated errors: journey (1). Journey Control → Journey → Send Failed On lets them go on.',
		] });
		await run.control(journey('pause', {}));
		await run.pass('26 hours');
		expect(await check()).toMatchObject({ latenessSeconds: 0, overdue: 0, failed: 0, warnings: ['No event has come in for 26 hours.'] });
	});

	it('do not delete a segment that a published journey or another segment asks for', async () => {
		const segment = (operation: string, name: string, more: object = {}) => ({ resource: 'segment', operation, segment: name, ...more });
		const asks = (name: string) => ({ conditions: { segment: [{ segment: { __rl: true, mode: 'list', value: name }, in: true }] } });
		const filter = (name: string) => journeyNode('Filter', 'journeyAudienceFilter', asks(name));
		const drawn = (name: string) => ({ name: 'Carts', nodes: [entry(), filter(name), end], connections: wires('Entry > Filter', 'Filter > End') });
		const run = await open(drawn('big'));
		for (const name of ['big', 'other']) await run.control(segment('save', name, { conditions: { tag: [{ has: true, tag: name }] } }));
		await run.control(segment('save', 'both', { match: 'any', conditions: { group: [{ match: 'all', ...asks('other') }], tag: [{ has: true, tag: 'x' }] } }));
		await run.send({ who: 'customer-1', event: 'cart' });
		await run.pass('1 minute');
		await expect(run.control(segment('delete', 'big'))).rejects.toThrow('Name: segment "big" is asked for by Journey Audience Filter \'Filter\' in journey "journey". Take it out there first, or unpublish the journey.');
		await expect(run.control(segment('delete', 'other'))).rejects.toThrow('is asked for by segment "both"');
		await run.control(segment('delete', 'both'));
		expect(await run.control(segment('delete', 'other'))).toEqual([{ name: 'other', deleted: true }]);
		await ask(run.store, "UPDATE steps SET state = 'off', off_since = now()");
		expect(await run.control(segment('delete', 'big'))).toEqual([{ name: 'big', deleted: true }]);
	});

	it('move them to another State, where they begin to wait, and take them out', async () => {
		const run = await open(canvas(mended));
		await run.send(...['customer-1', 'customer-2', 'customer-3'].map((who) => ({ who, event: 'cart' })));
		await run.pass('1 hour');
		expect(await run.control(customer('move', 'customer-1', { toState: 'Later' }))).toEqual([{ moved: 1 }]);
		await run.pass('0 seconds');
		expect(await run.control(customer('exit', 'customer-2', { reason: 'asked_to' }))).toEqual([{ ended: 1 }]);
		expect(await run.control(journey('move', { fromStep: 'Wait', toState: 'Never reached' }))).toEqual([{ journey: 'journey', from: 'Wait', to: 'Never reached', moved: 1 }]);
		await run.pass('2 days');
		const after = (await run.timeline()).filter((line) => !line.startsWith('+0s'));
		expect(after.filter((line) => line.includes('customer-1'))).toEqual([
			'+1h customer-1 moved Later: operator', '+1h customer-1 parked Later until +3h', '+3h customer-1 woken Later: time', '+3h customer-1 done: completed',
		]);
		expect(after.filter((line) => line.includes('customer-2'))).toEqual(['+1h customer-2 done: asked_to']);
		expect(after.filter((line) => line.includes('customer-3'))).toEqual([
			'+1h customer-3 moved Never reached: operator', '+1h customer-3 parked Never reached until +1d1h', '+1d1h customer-3 woken Never reached: time', '+1d1h customer-3 done: completed',
		]);
		await expect(run.control(customer('move', 'customer-1', { toState: 'Nowhere' }))).rejects.toThrow('To State: "Nowhere" is no State of journey "journey" that is published. Its States: Later, Never reached, Wait.');
		await expect(run.control(customer('exit', 'customer-9', { reason: 'x' }))).rejects.toThrow('Customer: nobody has this user ID. Check the value.');
	});
});
