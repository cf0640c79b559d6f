import { lockRegistry } from '../../lib/store/locks';
import { listActs } from '../../lib/store/acts';
import { switchOff } from '../../lib/store/steps';
import { baseNode, journeyNode, wires } from '../support/canvas';
import type { CanvasRunner } from '../support/canvasRunner';
import type { WorkflowJson } from '../support/headless/host';
import { delayState, eventState, journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(120_000);

interface Edit {
	/** Instead of the node of this name; null: it is removed. */
	nodes?: Record<string, object | null>;
	options?: object;
	lines?: string[];
}

const LINES = ['Entry > Wait', 'Wait:0 > Later', 'Wait:1 > Thank', 'Wait:2 > Greet', 'Later > Remind', 'Bought:1 > Thank'];
const wait = (branches = [{ event: 'order', output: 'ordered' }, { event: 'visit', output: 'visited' }], limit = 3, more: object = {}) =>
	({ ...eventState('Wait', branches, [limit, 'days']), ...more });
const bought = (event = 'bought') => journeyNode('Bought', 'journeyConversionGoal', { event, exit: false });
const entry = (options: object = {}) => journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', options });

function canvas({ nodes = {}, options, lines = LINES }: Edit = {}): WorkflowJson {
	const all = { Entry: entry(options), Wait: wait(), Later: delayState('Later', 10, 'days'), Bought: bought(), ...Object.fromEntries(['Remind', 'Thank', 'Greet'].map((name) => [name, baseNode(name, 'noOp', 1)])), ...nodes };
	return { name: 'Live', nodes: Object.values(all).filter((node) => node !== null) as WorkflowJson['nodes'], connections: wires(...lines) };
}

const WITHOUT_WAIT = ['Entry > Later', 'Later > Remind', 'Bought:1 > Thank'];
const preview = async (run: CanvasRunner, edit: Edit) =>
	(await run.control({ resource: 'journey', operation: 'preview', workflow: JSON.stringify({ id: 'journey', ...canvas(edit) }) }))[0]!;
const sentences = ({ steps }: Record<string, unknown>) => (steps as Array<{ sentence: string }>).map(({ sentence }) => sentence);

/** 1, 2 and 3 wait at *Wait*; 4 and 5 at *Later*, the last since a day less. */
async function withPeople(open: (canvas: WorkflowJson) => Promise<CanvasRunner>): Promise<CanvasRunner> {
	const run = await open(canvas());
	const cart = (...numbers: number[]) => numbers.map((n) => ({ who: `customer-${n}`, event: 'cart' }));
	await run.send(...cart(4));
	await run.pass('1 day');
	await run.send(...cart(5));
	await run.pass('3 days');
	await run.send(...cart(1, 2, 3));
	await run.pass('1 hour');
	return run;
}

/** Publishes, and what n8n's node does half a minute after it has left. */
async function publish(run: CanvasRunner, edit: Edit): Promise<void> {
	await run.publish(canvas(edit));
	await run.pass('0 seconds');
	await run.store.tx(async (db) => {
		await lockRegistry(db, 'register');
		const gone = canvas(edit).nodes.some(({ name, disabled }) => name === 'Wait' && !disabled) ? [] : await db.rows<{ id: number }>("SELECT id FROM steps WHERE name = 'Wait'");
		await switchOff(db, gone.map(({ id }) => id), db.now);
	});
	await run.pass('90 seconds');
}

/** What the journal says of it, in the words of a preview. */
async function happened(run: CanvasRunner, since: Date) {
	const [row] = await ask(run.store, `SELECT count(*) FILTER (WHERE reason = 'step_removed' AND kind = 'done')::int AS leave, count(*) FILTER (WHERE kind = 'moved')::int AS move,
		count(*) FILTER (WHERE reason = 'shortened')::int AS sooner, count(*) FILTER (WHERE reason = 'lengthened')::int AS later FROM journal WHERE at >= $1`, [since]);
	return row!;
}

/** Everything in the store. */
async function contents(run: CanvasRunner): Promise<object[]> {
	const tables = await ask<{ name: string }>(run.store, 'SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1');
	return await ask(run.store, tables.map(({ name }) => `SELECT '${name}' AS "table", md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')) AS rows FROM ${name} t`).join(' UNION ALL '));
}

journeys('the preview of a publish', (open) => {
	it.each<[string, Edit, object, string[]]>([
		['a step is removed, and nobody says where to', { nodes: { Wait: null }, lines: WITHOUT_WAIT }, { leave: 3, move: 0 }, [
			"'Wait' is removed: 3 people leave the journey (step_removed).",
		]],
		['a step is disabled, and another takes its people', { nodes: { Wait: wait(undefined, 3, { disabled: true }) }, options: { ifStepRemoved: 'Later' } }, { move: 3, leave: 0 }, [
			"'Wait' is disabled: 3 people go to 'Later' and begin to wait there.",
		]],
		['waits become shorter and longer', { nodes: { Later: delayState('Later', 1, 'days'), Wait: wait(undefined, 4) } }, { sooner: 2, later: 3 }, [
			"'Later' is changed: of 2 people who wait there 2 go on sooner (1 at once).", "'Wait' is changed: of 3 people who wait there 3 go on later.",
		]],
		['a wait is an expression from now on', { nodes: { Later: delayState('Later', '={{ 1 }}' as never, 'days') } }, { sooner: 0, later: 0 }, [
			"'Later' is changed: 2 people wait on until the time that they were told.",
		]],
		['what is waited for changes', { nodes: { Wait: wait([{ event: 'order', output: 'ordered' }, { event: 'call', output: 'visited' }]) } }, { leave: 0 }, [
			"'Wait' is changed: 3 people wait on as they came; the change holds for whoever comes next.",
		]],
		['nothing changes', {}, { leave: 0, move: 0, sooner: 0, later: 0 }, ["'Later' stays as it is: 2 people wait on.", "'Wait' stays as it is: 3 people wait on."]],
	])('says what then happens when %s', async (_what, edit, numbers, words) => {
		const run = await withPeople(open);
		const before = await contents(run);
		const seen = await preview(run, edit);
		expect(await contents(run)).toEqual(before);
		expect(seen).toMatchObject({ ok: true, journey: 'journey', workflowId: 'journey', waiting: 5, problems: [], ...numbers });
		expect(sentences(seen)).toEqual(expect.arrayContaining(words));
		const at = run.now;
		await publish(run, edit);
		expect(await happened(run, at)).toEqual({ leave: seen.leave, move: seen.move, sooner: seen.sooner, later: seen.later });
		// Whoever goes on at once has.
		const atOnce = (seen.steps as Array<{ fate: { atOnce?: number } }>).reduce((sum, { fate }) => sum + (fate.atOnce ?? 0), 0);
		expect((await ask(run.store, "SELECT FROM journal WHERE kind = 'woken' AND at >= $1", [at])).length).toBe(atOnce);
	});

	it('counts everybody, also beyond the first page', async () => {
		const run = await withPeople(open);
		await ask(run.store, `WITH made AS (INSERT INTO profiles (created_at, updated_at) SELECT $1, $1 FROM generate_series(1, 6000) RETURNING id)
			INSERT INTO instances (profile_id, journey_id, step_id, status, due_at, since, parked_at, left_at, entered_at)
			SELECT made.id, i.journey_id, i.step_id, 'waiting', i.due_at, i.since, i.parked_at, i.left_at, i.entered_at
			FROM made, (SELECT i.* FROM instances i JOIN steps s ON s.id = i.step_id WHERE s.name = 'Later' ORDER BY i.id LIMIT 1) i`, [run.now]);
		const edit = { nodes: { Later: delayState('Later', 1, 'days') } };
		const seen = await preview(run, edit);
		expect(seen).toMatchObject({ waiting: 6_005, sooner: 6_002 });
		expect(sentences(seen)).toContain("'Later' is changed: of 6,002 people who wait there 6,002 go on sooner (6,001 at once, spread over 2 minutes).");
		const at = run.now;
		await run.publish(canvas(edit));
		expect(await happened(run, at)).toMatchObject({ sooner: 6_002 });
	});

	it('says which fields are empty, what stops the canvas, and that everybody stays until then', async () => {
		const run = await withPeople(open);
		const edit: Edit = { nodes: { Wait: null, Later: delayState('Later', 0, 'days'), Bought: bought('') }, options: { ifStepRemoved: 'Nowhere' }, lines: WITHOUT_WAIT };
		const seen = await preview(run, edit);
		expect(seen).toMatchObject({ ok: false, leave: 0, move: 0, waiting: 5 });
		expect((seen.problems as Array<{ node: string; message: string }>).map(({ node, message }) => `${node} | ${message.replace(/\. .*/, '.')}`)).toEqual([
			`Later | 'Later': Wait: "0 days" is too short: from days up, enter a whole number from 1.`, "Bought | 'Bought': Event: is empty.",
			"Entry | Journey Entry Trigger 'Entry' sends people of a removed step to 'Nowhere', which is no Journey State on this canvas.",
		]);
		expect(sentences(seen)).toContain("'Wait' is removed: 3 people stay there until what is wrong is mended.");
		await expect(run.publish(canvas(edit))).rejects.toThrow('Wait: "0 days" is too short');
		expect(await happened(run, new Date(0))).toEqual({ leave: 0, move: 0, sooner: 0, later: 0 });
	});

	it('says which outputs are called otherwise, which goals begin anew, and the publish says the same', async () => {
		const run = await withPeople(open);
		const edit: Edit = { nodes: { Wait: wait([{ event: 'visit', output: 'visited' }, { event: 'order', output: 'bought' }]), Bought: bought('paid') }, options: { key: 'other' } };
		const seen = await preview(run, edit);
		const warnings = (seen.warnings as Array<{ message: string }>).map(({ message }) => message);
		expect(warnings).toEqual([
			expect.stringMatching(/^The journey's key becomes "other" and was "journey": whoever is inside stays in the old one/),
			`Output 2 of Journey State 'Wait' was "ordered" and is "visited" now, and leads to 'Thank': lines stay at their position.`,
			`Output 3 of Journey State 'Wait' was "visited" and is "bought" now, and leads to 'Greet': lines stay at their position. "visited" is output 2 now, and leads to 'Thank'.`,
		]);
		expect(seen.steps).toEqual(expect.arrayContaining([expect.objectContaining({ step: 'Bought', goalVersion: 2, sentence: "'Bought' is changed. It counts as version 2 from then on, apart from what was reached before." })]));
		await run.publish(canvas({ ...edit, options: undefined }));
		await run.send({ who: 'customer-6', event: 'cart' }, { who: 'customer-1', event: 'paid' });
		await run.pass('0 seconds');
		expect(run.warnings.filter((line) => line.includes('Output'))).toEqual(warnings.slice(1).map((message) => `Journey "Live": ${message}`));
		expect(await ask(run.store, 'SELECT version FROM conversions')).toEqual([{ version: 2 }]);
		const [act] = await run.store.tx(async (db) => await listActs(db, 1));
		expect(act).toMatchObject({ what: 'publish', who: 'workflow "Live" (journey)', journey: 'journey', detail: { changed: ['Bought', 'Wait'], renamed: warnings.slice(1) } });
		// It is said once, and not again by who looks at the same canvas.
		await run.unpublish();
		await run.publish(canvas({ ...edit, options: undefined }));
		await run.send({ who: 'customer-7', event: 'cart' });
		await run.pass('0 seconds');
		expect(run.warnings.filter((line) => line.includes('Output'))).toHaveLength(2);
	});

	it('refuses what is no workflow, or nobody’s', async () => {
		const run = await open(canvas());
		const refusal = async (workflow: unknown) => await run.control({ resource: 'journey', operation: 'preview', workflow: typeof workflow === 'string' ? workflow : JSON.stringify(workflow) }).catch((error: Error) => error.message);
		expect(await refusal('{')).toMatch(/^Edited Workflow: is not JSON/);
		expect(await refusal({ nodes: 3 })).toMatch(/^Edited Workflow: found no workflow\./);
		expect(await refusal(canvas())).toMatch(/^Edited Workflow: the workflow has no "id"/);
		expect(await refusal({ id: 'elsewhere', ...canvas() })).toBe('Workflow: "elsewhere" was never published with this store, so nobody is in it. Check its id, or choose the store that it uses.');
	});
});
