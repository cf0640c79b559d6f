import { CanvasRunner, type RunnerOptions } from './canvasRunner';
import { journeyNode } from './canvas';
import type { WorkflowJson } from './headless/host';
import { freshStore, FrozenClock, STORES, type TestStore } from './stores';
import type { Store } from '../../lib/store/types';

/** A State that waits for events, with a limit in whole units. */
export function eventState(name: string, branches: object[], limit: [number, string] | 'never', more: object = {}) {
	const until = limit === 'never' ? { limitUntil: 'never' } : { limitUntil: 'delay', limitDelayAmount: limit[0], limitDelayUnit: limit[1] };
	return journeyNode(name, 'journeyState', { waitFor: 'events', events: { branch: branches }, ...until, ...more });
}

/** A State that waits for a while. */
export function delayState(name: string, amount: number, unit: string, more: object = {}) {
	return journeyNode(name, 'journeyState', { waitFor: 'time', until: 'delay', delayAmount: amount, delayUnit: unit, ...more });
}

export const only = (path: string, operator: string, value?: unknown) => ({ filters: { conditions: [{ path, operator, value }] } });

/** Forgets everything that happened in a store. */
async function empty(store: Store): Promise<void> {
	await store.tx(async (db) => {
		const tables = await db.rows<{ name: string }>(
			`SELECT quote_ident(tablename) AS name FROM pg_tables
			 WHERE schemaname = current_schema() AND tablename <> 'migrations' AND tablename !~ '_(\\d{4}_\\d{2}|other)$'`,
		);
		await db.rows(`TRUNCATE ${tables.map(({ name }) => name).join(', ')} RESTART IDENTITY`);
	});
}

type Open = (canvas: WorkflowJson, options?: RunnerOptions) => Promise<CanvasRunner>;

/** Tests of whole journeys, each on both stores, which are empty then. Of several journeys each needs a `workflowId`. */
export function journeys(what: string, tests: (open: Open, kind: Store['kind']) => void, stores: ReadonlyArray<Store['kind']> = STORES): void {
	describe.each(stores)(`${what} (%s)`, (kind) => {
		let on: TestStore;
		let runs: CanvasRunner[] = [];
		beforeAll(async () => void (on = await freshStore(kind)));
		afterAll(async () => await on?.drop());
		afterEach(async () => {
			const closing = runs;
			runs = [];
			on.clock.now = new FrozenClock().now;
			try {
				for (const run of closing) await run.close();
			} finally {
				await empty(on.store);
			}
		});
		tests(async (canvas, options) => {
			const run = await CanvasRunner.open(kind, canvas, { on, ...options });
			runs.push(run);
			return run;
		}, kind);
	});
}
