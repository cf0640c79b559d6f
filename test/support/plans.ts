import type { Store } from '../../lib/store/types';
import { intercepted } from './intercept';

interface PlanNode {
	'Node Type': string;
	'Relation Name'?: string;
	'Actual Rows': number;
	'Actual Loops': number;
	'Rows Removed by Filter'?: number;
	'Rows Removed by Join Filter'?: number;
	'Rows Removed by Index Recheck'?: number;
	Plans?: PlanNode[];
}

/** What one statement did. */
export interface Seen {
	sql: string;
	/** Functions of `lib/store` that run it, or wait for one that does. */
	by: string[];
	/** Tables that it read from end to end. */
	scanned: string[];
	/** Rows that it looked at, everywhere in its plan. */
	rows: number;
	ms: number;
}

const flat = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flat)];
const REMOVED = ['Rows Removed by Filter', 'Rows Removed by Join Filter', 'Rows Removed by Index Recheck'] as const;

/** The same store, which runs each statement twice: first with EXPLAIN ANALYZE, taken back, to see what it does. */
export function explained(store: Store): { store: Store; seen: Seen[] } {
	const seen: Seen[] = [];
	const wrapped = intercepted(store, () => async (sql, params, pass) => {
		const by = storeFunctionsHere();
		await pass('SAVEPOINT explained', []);
		const [row] = (await pass(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, params)) as Array<{ 'QUERY PLAN': Array<{ Plan: PlanNode; 'Execution Time': number }> }>;
		await pass('ROLLBACK TO SAVEPOINT explained', []);
		const [{ Plan: plan, 'Execution Time': ms }] = row!['QUERY PLAN'] as [{ Plan: PlanNode; 'Execution Time': number }];
		const nodes = flat(plan);
		seen.push({
			sql: sql.replace(/\s+/g, ' ').trim(),
			by,
			scanned: nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']!),
			rows: nodes.reduce((sum, node) => sum + (node['Actual Rows'] + REMOVED.reduce((removed, name) => removed + (node[name] ?? 0), 0)) * node['Actual Loops'], 0),
			ms,
		});
		return await pass();
	});
	return { store: wrapped, seen };
}

/** Node keeps the trace through every `await`. As it is: source maps give functions other names. */
function storeFunctionsHere(): string[] {
	const { prepareStackTrace } = Error;
	Error.prepareStackTrace = (_, sites) => sites;
	const sites = new Error().stack as unknown as NodeJS.CallSite[];
	Error.prepareStackTrace = prepareStackTrace;
	return sites.filter((site) => site.getFileName()?.includes('/lib/store/')).map((site) => site.getFunctionName() ?? '');
}
