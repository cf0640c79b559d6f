import type { ControlShares } from '../core/split';
import type { Place } from './steps';
import type { Connection } from './types';

/** The controls of a split as people were last put on its sides; undefined: nobody was yet. */
export async function loadControls(db: Connection, journey: number, split: string): Promise<ControlShares | undefined> {
	const [row] = await db.rows<{ controls: ControlShares }>('SELECT controls FROM splits WHERE journey_id = $1 AND key = $2', [journey, split]);
	return row?.controls;
}

/** The same for the node of a workflow, without a trace of the question. */
export async function loadControlsAt(db: Connection, { host, workflowId }: Place, split: string): Promise<ControlShares | undefined> {
	const [row] = await db.rows<{ controls: ControlShares }>(
		'SELECT s.controls FROM workflows w JOIN splits s ON s.journey_id = w.journey_id WHERE w.host = $1 AND w.workflow_id = $2 AND s.key = $3',
		[host, workflowId, split],
	);
	return row?.controls;
}

/** Keeps what controls people are put in from now on. */
export async function saveControls(db: Connection, journey: number, split: string, controls: ControlShares): Promise<void> {
	await db.rows(
		'INSERT INTO splits (journey_id, key, controls) VALUES ($1, $2, $3) ON CONFLICT (journey_id, key) DO UPDATE SET controls = excluded.controls',
		[journey, split, JSON.stringify(controls)],
	);
}
