import { RequestRate } from '../../lib/run/collector/requestRate';
import { notices } from '../../lib/run/notices';
import { failedPage, statusPage, type PageRequest } from '../../lib/report/page/answer';
import { listActs } from '../../lib/store/acts';
import { StoreError, type Store } from '../../lib/store/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import { intercepted } from '../support/intercept';
import { delayState, eventState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

const canvas = (more: object = {}, wait = 'Wait') => ({
	name: 'Carts',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', options: { key: 'carts' } }, { position: [-160, 32] }),
		eventState(wait, [{ event: 'order', output: 'ordered' }], [1, 'hours']), delayState('Later', 1, 'days'),
		baseNode('Remind', 'noOp', 1, {}, { onError: 'continueRegularOutput' }),
	].map((node, at) => ({ ...node, position: [at * 240, at * 16], ...more })),
	connections: wires(`Entry > ${wait}`, `${wait}:0 > Later`, 'Later > Remind'),
});
const people = (event: string, ...who: string[]) => who.map((one) => ({ who: one, event }));

/** Follows links and looks at pages, each of a process of its own: nothing is remembered from before. */
function reader(store: Store) {
	const rate = new RequestRate();
	const request = async (asked: Partial<PageRequest>, of: Store = Object.create(store) as Store) => await statusPage(
		of, { take: async (sender, most) => await rate.take(sender, most), notices: async () => await notices(of) },
		{ page: 'status', query: {}, cookie: undefined, secure: false, ...asked },
	);
	return {
		request,
		open: async (link: string) => await request({ page: 'open', query: { link } }),
		look: async (token: string, query: Record<string, unknown> = {}, of?: Store) => await request({ query, cookie: `a=b; journey_status=${token}` }, of),
	};
}
const shown = (page: string) => page.replace(/<style>.*?<\/style>/s, '').replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ').trim();

/** What a process measures for itself, which no store's clock moves. It stands still from here on. */
function processTime() {
	const began = performance.now();
	let later = 0;
	const clock = jest.spyOn(performance, 'now').mockImplementation(() => began + later);
	return { pass: (ms: number) => void (later += ms), restore: () => clock.mockRestore() };
}

async function linkFrom(run: CanvasRunner, more: object = {}): Promise<{ url: string; token: string }> {
	await run.control({ resource: 'settings', operation: 'change', changes: { publicUrl: 'https://n8n.example.com/' } });
	const [link] = await run.control({ operation: 'statusLink', ...more });
	return { url: String(link!.url), token: new URL(String(link!.url)).searchParams.get('link')! };
}

journeys('the status page', (open) => {
	it('opens with a link that Journey Control makes, whose token moves into a cookie that only the page gets', async () => {
		const run = await open(canvas());
		const { url, token } = await linkFrom(run);
		expect(url).toBe(`https://n8n.example.com/webhook/journey/status/open?link=${token}`);
		const { open: follow, look } = reader(run.store);
		const opened = await follow(token);
		expect(opened.status).toBe(200);
		expect(opened.headers['Set-Cookie']).toBe(`journey_status=${token}; Max-Age=28800; HttpOnly; SameSite=Strict`);
		expect(opened.body).toContain('<meta http-equiv="refresh" content="0;url=../status">');
		expect(opened.body).not.toContain(token);
		expect((await reader(run.store).request({ page: 'open', query: { link: token }, secure: true })).headers['Set-Cookie']).toMatch(/; Secure$/);

		await run.send(...people('cart', 'customer-1'));
		await run.pass('0 seconds');
		const page = await look(token);
		expect(page.status).toBe(200);
		expect(shown(page.body)).toContain('Everything is running.');
		expect(page.headers).toMatchObject({ 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store', 'Content-Security-Policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/) });
		expect(page.body).not.toMatch(/<script|token|secret/i);
		const [act] = await run.store.tx(async (db) => await listActs(db, 1));
		expect(act).toMatchObject({ what: 'status_link', who: expect.stringContaining('workflow "Operations"'), detail: { hours: 8, scope: 'status' } });
		expect(JSON.stringify(act)).not.toContain(token);
	});

	it('opens for nobody else: without a link, with a wrong one, one that has expired, and after all links were ended', async () => {
		const run = await open(canvas());
		const { open: follow, look, request } = reader(run.store);
		const nobody = await request({});
		expect([nobody.status, shown(nobody.body)]).toEqual([403, expect.stringContaining('Make a new one in n8n: Journey Control → Store → Create Status Page Link')]);
		expect(shown(nobody.body)).not.toContain('Carts');
		// As long as no link was ever made, there is no secret either.
		expect((await follow(`${'a'.repeat(20)}.${'a'.repeat(43)}`)).status).toBe(403);

		const { token } = await linkFrom(run, { validHours: 1 });
		for (const wrong of ['', 'x', `${token}x`, token.slice(1), `A${token.slice(1)}`, [token]]) {
			expect(await request({ page: 'open', query: { link: wrong } })).toEqual(nobody);
			if (typeof wrong === 'string') expect(await look(wrong)).toEqual(nobody);
		}
		await run.pass('59 minutes');
		expect((await look(token)).status).toBe(200);
		await run.pass('1 minute');
		expect([await look(token), await follow(token)]).toEqual([nobody, nobody]);

		const { token: next } = await linkFrom(run);
		expect((await look(next)).status).toBe(200);
		expect(await run.control({ operation: 'endLinks' })).toEqual([{ ended: true }]);
		expect(await look(next)).toEqual(nobody);
		expect(await run.control({ operation: 'endLinks' })).toEqual([{ ended: false }]);
		expect((await look((await linkFrom(run)).token)).status).toBe(200);
		expect(await look(next)).toEqual(nobody);
		expect((await run.store.tx(async (db) => await listActs(db, 9))).map(({ what }) => what).filter((what) => what !== 'settings')).toEqual(['status_link', 'status_links_ended', 'status_link', 'status_link']);
		for (const validHours of [0, 721, 1.5]) await expect(run.control({ operation: 'statusLink', validHours })).rejects.toThrow(`Valid For (Hours): found ${validHours}. Enter a whole number from 1 to 720.`);
		await expect(run.control({ operation: 'statusLink', collectorPath: 'a b' })).rejects.toThrow('Collector’s Path: found "a b".');
	});

	it('takes so many requests a minute and no more, those without a link counted apart', async () => {
		const run = await open(canvas());
		const { token } = await linkFrom(run);
		const { request, look } = reader(run.store);
		const refused = await Promise.all(Array.from({ length: 61 }, async () => (await request({})).status));
		expect(refused.filter((status) => status === 429)).toHaveLength(1);
		const answers = await Promise.all(Array.from({ length: 121 }, async () => await look(token, {}, run.store)));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(120);
		expect(answers.find(({ status }) => status === 429)!.headers['Retry-After']).toMatch(/^\d+$/);
	});

	it('asks the store for the secret once in two seconds, however many wrong links come; links that were ended are closed within that time', async () => {
		const run = await open(canvas());
		const { token } = await linkFrom(run);
		let asked = 0;
		const of = intercepted(run.store, () => async (sql, _params, pass) => {
			if (sql.includes('FROM secrets')) asked++;
			return await pass();
		});
		const { request, look } = reader(run.store);
		const wrong = async (count: number) => await Promise.all(Array.from({ length: count }, async (_, at) => (await request({ page: 'open', query: { link: `${at}.${'a'.repeat(43)}` } }, of)).status));
		const process = processTime();
		try {
			const flood = await wrong(200);
			expect([flood.filter((status) => status === 403).length, flood.filter((status) => status === 429).length, asked]).toEqual([60, 140, 1]);
			expect((await look(token, {}, of)).status).toBe(200);
			await run.control({ operation: 'endLinks' });
			process.pass(2_000);
			expect((await look(token, {}, of)).status).toBe(429);
			expect(asked).toBe(2);
			// A link made meanwhile has its own place, whatever comes beside it.
			process.pass(2_000);
			const { token: next } = await linkFrom(run);
			expect([(await look(next, {}, of)).status, asked]).toEqual([200, 3]);
		} finally {
			process.restore();
		}
	});

	it('says of a fault in drawing that it is one, and keeps it from nobody who reads the log', async () => {
		const run = await open(canvas());
		const { token } = await linkFrom(run);
		await run.send(...people('cart', 'customer-1'));
		await run.pass('0 seconds');
		await ask(run.store, `UPDATE workflows SET drawn = '{"canvas":{"nodes":null,"connections":{}},"drawing":{}}'`);
		await ask(run.store, `UPDATE canvases SET canvas = '{"nodes":null,"connections":{}}'`);
		const { look } = reader(run.store);
		const fault = await look(token, { journey: 'carts' }).catch((error: unknown) => error);
		expect(fault).toBeInstanceOf(TypeError);
		expect(failedPage(fault)).toMatchObject({ status: 500, body: expect.stringContaining('This page has a fault') });
		for (const away of [new StoreError('the disk is full'), Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), Object.assign(new Error('shutdown'), { code: '57P01' }), new Error('Connection terminated')]) {
			expect(failedPage(away)).toMatchObject({ status: 503, headers: { 'Retry-After': '5' }, body: expect.stringContaining('The store cannot be reached') });
		}
		expect(failedPage(Object.assign(new Error('column x does not exist'), { code: '42703' })).status).toBe(500);
	});

	it('draws the canvas of the workflow that lets people in, whichever ran last', async () => {
		const run = await open(canvas(), { workflowId: 'old' });
		const { token } = await linkFrom(run, { validHours: 720 });
		const { look } = reader(run.store);
		const nodes = async () => [...(await look(token, { journey: 'carts' })).body.matchAll(/<g class="[^"]*"><title>([^<:]*)/g)].map(([, title]) => title);
		await run.send(...people('cart', 'customer-1'));
		await run.pass('1 minute');
		const next = await open(canvas({}, 'Wait anew'), { workflowId: 'new' });
		expect(await nodes()).toContain('Wait anew');
		await next.pass('1 minute');
		await next.send(...people('cart', 'customer-2'));
		await next.pass('0 seconds');
		// Both are on, and the older one runs once more, changed.
		const changed = canvas();
		changed.nodes[3]!.name = 'Remind again';
		await run.publish({ ...changed, connections: wires('Entry > Wait', 'Wait:0 > Later', 'Later > Remind again') });
		await run.pass('1 hour');
		await run.pass('1 day');
		expect(await ask(run.store, "SELECT workflow_id FROM canvases c JOIN workflows w ON w.id = c.workflow ORDER BY c.seen_at DESC LIMIT 1")).toEqual([{ workflow_id: 'old' }]);
		expect(await nodes()).toContain('Wait anew');
	});

	it('shows every journey, who is where, what is late, given up and unknown, and when an event was heard', async () => {
		const run = await open(canvas());
		const { token } = await linkFrom(run);
		await run.send(...people('cart', 'customer-1', 'customer-2', 'customer-3'));
		await run.pass('0 seconds');
		await run.send(...people('unheard', 'customer-9'));
		await run.pass('30 minutes');
		const { look } = reader(run.store);
		const row = async () => shown((await look(token)).body.match(/<tbody>(.*?)<\/tbody>/s)![1]!);
		expect(await row()).toBe('Carts carts Live 3 3 0 0 0 30 min ago');
		await run.send(...people('order', 'customer-3'));
		await run.pass('0 seconds');
		expect(await row()).toBe('Carts carts Live 2 2 0 0 0 just now');

		await run.unpublish();
		await ask(run.store, `INSERT INTO deliveries (profile_id, journey_id, step_id, instance_id, visit, channel, class, status, execution, token, claimed_at, settled_at)
			SELECT profile_id, journey_id, step_id, id, 0, 'email', 'marketing', 'unknown', 'e', gen_random_uuid(), $1, $1 FROM instances LIMIT 1`, [run.now]);
		await ask(run.store, `UPDATE instances SET due_at = $1::timestamptz - interval '7 minutes' WHERE id = (SELECT min(id) FROM instances)`, [run.now]);
		expect(await row()).toBe('Carts carts Live 2 2 1 0 1 just now');
		const page = shown((await look(token)).body);
		expect(page).toContain('2 things need a look');
		expect(page).toContain('People are late: at &#39;Wait&#39; of carts (1), the longest by 7 minutes.');
		expect(page).toContain('Nobody knows whether these messages were sent: carts (1).');
		await run.control({ resource: 'journey', operation: 'pause', journey: { mode: 'key', value: 'carts' } });
		await run.control({ resource: 'journey', operation: 'pauseSending' });
		expect(await row()).toBe('Carts carts Paused an operator paused it 2 2 1 0 1 just now');
		expect(shown((await look(token)).body)).toContain('All sending is paused');
	});

	it('draws a journey as its canvas stands, also before anybody has entered and after nodes were moved, which makes no new version', async () => {
		const run = await open(canvas());
		const { token } = await linkFrom(run);
		const { look } = reader(run.store);
		const drawn = async () => (await look(token, { journey: 'carts' })).body;
		const boxes = (page: string) => [...page.matchAll(/<g class="([^"]*)"><title>([^<]*)<\/title>\s*<path class="box" d="M(-?[\d.]+) (-?[\d.]+)/g)].map(([, kind, title, x, y]) => [kind, title, Number(x), Number(y)]);
		// The corner of a box is round: by 36 where it is a trigger, by 8 elsewhere.
		expect(boxes(await drawn())).toEqual([
			['node step', 'Entry', 36, 0], ['node step', 'Later', 488, 32], ['node other', 'Remind', 728, 48], ['node step', 'Wait', 248, 16],
		]);
		await run.send(...people('cart', 'customer-1', 'customer-2'));
		await run.pass('0 seconds');
		const page = await drawn();
		expect(boxes(page)[3]).toEqual(['node step busy', 'Wait: 2 waiting', 248, 16]);
		expect([...page.matchAll(/<text class="output"[^>]*>([^<]*)</g)].map(([, name]) => name)).toEqual(['Time is up', 'ordered']);
		expect(page.match(/<path class="edge"/g)).toHaveLength(3);
		expect(shown(page.match(/<tbody>(.*?)<\/tbody>/s)![1]!)).toBe('Entry Entry Trigger 0 0 0 0 0 0 Wait State 2 0 0 0 0 0 Later State 0 0 0 0 0 0');
		const versions = async () => (await ask<{ n: number }>(run.store, 'SELECT count(*)::int AS n FROM canvases'))[0]!.n;
		expect(await versions()).toBe(1);

		const moved = canvas();
		await run.publish({ ...moved, nodes: moved.nodes.map((node) => ({ ...node, position: [node.position[0]!, 500] })) });
		await run.pass('1 hour');
		expect([boxes(await drawn()).map(([, , , y]) => y), await versions()]).toEqual([[500, 500, 500, 500], 1]);

		// Who waits at a step that is gone is in the table, not on the canvas.
		await run.pass('1 minute');
		await run.publish({ ...canvas(), nodes: canvas().nodes.filter(({ name }) => name !== 'Later'), connections: wires('Entry > Wait', 'Wait:0 > Remind') });
		await run.send(...people('cart', 'customer-3'));
		await run.pass('0 seconds');
		const after = await drawn();
		expect(boxes(after).map(([, title]) => title)).toEqual(['Entry', 'Remind', 'Wait: 1 waiting']);
		expect(shown(after.match(/<tbody>(.*?)<\/tbody>/s)![1]!)).toContain('Later State · no longer on this canvas 2 0 0 0 0 0');
		expect([(await look(token, { journey: 'none' })).status, shown((await look(token, { journey: 'none' })).body)]).toEqual([404, expect.stringContaining('no journey has the key &quot;none&quot;: use one of: carts')]);
	});

	it('finds a customer by any identity and tells their story in each journey, page by page', async () => {
		const run = await open(canvas());
		const { token } = await linkFrom(run, { validHours: 720 });
		const { look } = reader(run.store);
		await run.send({ who: 'customer-1', event: 'cart', email: 'Customer-1@example.com', change: { addTags: ['vip'], attributes: { plan: 'gold' } } });
		await run.pass('0 seconds');
		for (let round = 0; round < 8; round++) {
			await run.send(...people('cart', 'customer-1'));
			await run.pass('2 days');
		}
		const find = async (kind: string, value: string, more: object = {}) => {
			const { status, body } = await look(token, { kind, value, ...more });
			return { status, text: shown(body), told: [...body.matchAll(/<li[^>]*><time[^>]*>([^<]*)<\/time>([^<]*)/g)].map(([, at, words]) => `${at} ${words}`) };
		};
		const byEmail = await find('email', ' CUSTOMER-1@example.com');
		expect(byEmail.told).toEqual((await find('user_id', 'customer-1')).told);
		expect(byEmail.text).toContain('User ID customer-1');
		expect(byEmail.told).toHaveLength(10);
		expect(byEmail.text).toContain('Older →');
		const whole = [...byEmail.told, ...(await find('user_id', 'customer-1', { journey: 'carts', skip: '10' })).told];
		const rows = await run.control({ resource: 'customer', operation: 'story', identity: 'customer-1', journey: { mode: 'key', value: 'carts' } });
		expect(whole.map((line) => line.replaceAll('&#39;', '\''))).toEqual(rows.map(({ sentence }) => String(sentence).replace(' — ', ' ')));
		expect(whole.length).toBeGreaterThan(20);

		expect(await find('user_id', 'nobody')).toMatchObject({ status: 404, text: expect.stringContaining('No customer has the user ID “nobody”') });
		expect(await find('email', 'nonsense')).toMatchObject({ status: 400 });
		expect(await find('shoe size', '44')).toMatchObject({ status: 400 });
		await run.send(...people('unheard', 'customer-2'));
		expect((await find('user_id', 'customer-2')).text).toContain('No journey knows anything of them');
	});

	it('shows nobody with a link that was made without customers', async () => {
		const run = await open(canvas());
		await run.send(...people('cart', 'customer-1'));
		await run.pass('0 seconds');
		const { token } = await linkFrom(run, { includeCustomers: false });
		const { look } = reader(run.store);
		const [all, one, somebody] = [await look(token), await look(token, { journey: 'carts' }), await look(token, { kind: 'user_id', value: 'customer-1' })];
		expect([all.status, one.status, somebody.status]).toEqual([200, 200, 403]);
		expect([all.body, one.body, somebody.body].filter((body) => /customer-1|Find a customer/.test(body))).toEqual([]);
	});

	it('asks the store for the same once in a few seconds, however many look', async () => {
		const run = await open(canvas());
		const { token } = await linkFrom(run);
		const { look } = reader(run.store);
		const of = Object.create(run.store) as Store;
		const process = processTime();
		try {
			await Promise.all([look(token, {}, of), look(token, {}, of)]);
			await run.send(...people('cart', 'customer-1'));
			await run.pass('2 seconds');
			process.pass(2_000);
			expect(shown((await look(token, {}, of)).body)).toContain('Inside now 0');
			await run.pass('1 minute');
			process.pass(60_000);
			expect(shown((await look(token, {}, of)).body)).toContain('Inside now 1');
		} finally {
			process.restore();
		}
	});
});
