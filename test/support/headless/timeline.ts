import type { Store } from '../../../lib/store/types';

const UNITS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 };

/** `1 day 2 hours` in milliseconds; all units are elapsed time. */
export function milliseconds(duration: string): number {
	const parts = [...duration.matchAll(/(\d+) (second|minute|hour|day|week)s?( |$)/g)];
	if (parts.map(([part]) => part).join('') !== duration) throw new Error(`"${duration}" is no duration such as "1 day 2 hours".`);
	return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit as keyof typeof UNITS], 0);
}

/** `+1d2h` since the start. */
function offset(from: Date, to: Date): string {
	let rest = Math.abs(+to - +from);
	const parts = ([['d', UNITS.day], ['h', UNITS.hour], ['m', UNITS.minute], ['s', 1_000], ['ms', 1]] as const).flatMap(([name, size]) => {
		const count = Math.floor(rest / size);
		rest -= count * size;
		return count > 0 ? [`${count}${name}`] : [];
	});
	return `${to < from ? '-' : '+'}${parts.join('') || '0s'}`;
}

interface Row {
	at: Date;
	due_at: Date | null;
	kind: string;
	step: string | null;
	who: string;
	reason: string | null;
	output: string | null;
	error: string | null;
	times: number;
}

/**
 * Everything that was decided, one line each, by time and person:
 * `+1d customer-1 woken Wait: event → ordered`. Behind a / stands the correlation. Refusals of a day are one line.
 */
export async function timelineOf(store: Store, start: Date): Promise<string[]> {
	const rows = await store.tx(async (db) => await db.rows<Row>(
		`WITH decided AS (
			SELECT j.id, j.at, j.due_at, j.kind, s.name AS step, j.profile_id, j.instance_id, j.reason, j.detail->>'output' AS output,
				j.detail->>'error' AS error, 1 AS times
			FROM journal j LEFT JOIN steps s ON s.id = j.step_id
			UNION ALL
			SELECT NULL, first_at, NULL, 'refused', NULL, profile_id, NULL, reason, NULL, NULL, times FROM refusals
		), runs AS (
			SELECT id, correlation FROM instances UNION ALL SELECT id, correlation FROM finished
		)
		SELECT d.*, coalesce(names.who, 'somebody') || coalesce('/' || nullif(runs.correlation, ''), '') AS who FROM decided d
			LEFT JOIN (SELECT profile_id, min(value) AS who FROM identities WHERE kind = 'user_id' GROUP BY 1) names USING (profile_id)
			LEFT JOIN runs ON runs.id = d.instance_id
		ORDER BY d.at, names.who COLLATE "C", d.id NULLS LAST, d.reason`,
	));
	return rows.map((row) => `${offset(start, row.at)} ${line(row, start)}`);
}

function line({ due_at, kind, step, who, reason, output, error, times }: Row, start: Date): string {
	const words = [who, kind];
	if (step !== null && kind !== 'done') words.push(step);
	if (kind === 'parked' || kind === 'reset') words.push(`until ${offset(start, due_at!)}`);
	const why = reason === null || kind === 'parked' || kind === 'reset' ? '' : `: ${reason}`;
	const where = output === null ? '' : ` → ${output.slice(output.indexOf(':') + 1)}`;
	return words.join(' ') + why + where + (error === null ? '' : ` (${error})`) + (times > 1 ? ` ×${times}` : '');
}
