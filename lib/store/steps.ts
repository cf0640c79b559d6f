import type { Canvas } from '../core/canvas/canvas';
import type { Drawing } from '../core/canvas/drawing';
import type { Json } from '../core/types';
import { settleEntrances } from './entrances';
import { readSettings } from './settings';
import type { Connection } from './types';

export type StepKind = 'entry' | 'audience' | 'state' | 'branch' | 'action' | 'goal';

/** Those whose nodes listen; of the others nobody can say whether they are there. */
export const LISTENING: StepKind[] = ['entry', 'state', 'action', 'goal'];

/** Where a step is: n8n instance, workflow, node. */
export interface Place {
	host: string;
	workflowId: string;
	nodeId: string;
	name: string;
	kind: StepKind;
}

/** A canvas with its version, and how it looks. */
export interface RecordedCanvas {
	hash: string;
	canvas: Canvas;
	drawing: Drawing;
}

export interface Step {
	id: number;
	workflow: number;
	journey_id: number | null;
	/** Since when it has not listened; null while it does. */
	off_since: Date | null;
	/** It was not known before. */
	fresh: boolean;
}

/**
 * The step of a node, made if it is new; a rename is taken over.
 *
 * @throws when another installation that is alive has registered the same workflow
 */
export async function saveStep(db: Connection, place: Place): Promise<Step> {
	const [workflow] = await db.rows<{ id: number; journey_id: number | null }>(
		`INSERT INTO workflows (host, workflow_id, seen_at) VALUES ($1, $2, $3)
		 ON CONFLICT (workflow_id, host) DO UPDATE SET seen_at = $3 RETURNING id, journey_id`,
		[place.host, place.workflowId, db.now],
	);
	const [before] = await db.rows<{ id: number; off_since: Date | null }>(
		'SELECT id, off_since FROM steps WHERE workflow = $1 AND node_id = $2',
		[workflow!.id, place.nodeId],
	);
	const [step] = await db.rows<{ id: number }>(
		`INSERT INTO steps (workflow, node_id, kind, name, state, registered_at) VALUES ($1, $2, $3, $4, 'on', $5)
		 ON CONFLICT (workflow, node_id) DO UPDATE SET name = $4, state = 'on', off_since = NULL, registered_at = $5
		 RETURNING id`,
		[workflow!.id, place.nodeId, place.kind, place.name, db.now],
	);
	return {
		id: step!.id, workflow: workflow!.id, journey_id: workflow!.journey_id,
		off_since: before?.off_since ?? null, fresh: !before,
	};
}

/**
 * The step of a node as an execution needs it: made if its trigger has not come round to it. A rename is taken over;
 * whether it listens is left as it is.
 */
export async function findStep(db: Connection, place: Place): Promise<Step> {
	const [step] = await db.rows<Step & { name: string }>(
		`SELECT s.id, s.workflow, s.name, w.journey_id, s.off_since, false AS fresh FROM steps s JOIN workflows w ON w.id = s.workflow
		 WHERE w.host = $1 AND w.workflow_id = $2 AND s.node_id = $3`,
		[place.host, place.workflowId, place.nodeId],
	);
	if (!step) return await saveStep(db, place);
	if (step.name !== place.name) await db.rows('UPDATE steps SET name = $2 WHERE id = $1', [step.id, place.name]);
	return step;
}

/** Other installations that have been alive since `since` and know this workflow id. */
export async function otherHosts(db: Connection, host: string, workflowId: string, since: Date): Promise<string[]> {
	const rows = await db.rows<{ host: string }>(
		'SELECT host FROM workflows WHERE workflow_id = $1 AND host <> $2 AND seen_at > $3',
		[workflowId, host, since],
	);
	return rows.map((row) => row.host);
}

/**
 * The journey of a key, made if it is new; binds the workflow to it, and takes over what its Entry Trigger says if it is the
 * one that lets people in. The caller holds the registry lock, as one who registers.
 *
 * @param about `zoneIsN8ns`: the journey names none, so that the settings go before it; `evictAt`: whoever is inside
 * leaves then
 */
export async function saveJourney(
	db: Connection, workflow: number,
	about: {
		key: string; name: string; zone: string; zoneIsN8ns?: boolean; correlation: string[] | null; start?: Date; end?: Date; evictAt?: Date;
		unknownConsent?: 'skip' | 'send';
	},
): Promise<number> {
	const zone = (about.zoneIsN8ns && (await readSettings(db)).zone) || about.zone;
	const panel = [about.name, zone, about.zoneIsN8ns ? about.zone : null, about.correlation, about.start ?? null, about.end ?? null, about.unknownConsent ?? null];
	const [journey] = await db.rows<{ id: number }>(
		`INSERT INTO journeys (key, name, zone, n8n_zone, correlation, opens_at, ends_at, unknown_consent, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		 ON CONFLICT (key) DO UPDATE SET key = $1 RETURNING id`,
		[about.key, ...panel, db.now],
	);
	const [before] = await db.rows<{ journey_id: number | null }>('SELECT journey_id FROM workflows WHERE id = $1', [workflow]);
	await db.rows(
		`UPDATE workflows SET joined_at = CASE WHEN journey_id IS DISTINCT FROM $2 THEN $4 ELSE joined_at END, journey_id = $2,
			evict_at = CASE WHEN evicted_at = $3 THEN NULL ELSE $3 END, evicted_at = CASE WHEN evicted_at = $3 THEN evicted_at END
		 WHERE id = $1 AND (journey_id, coalesce(evict_at, evicted_at)) IS DISTINCT FROM ($2::int, $3::timestamptz)`,
		[workflow, journey!.id, about.evictAt ?? null, db.now],
	);
	await settleEntrances(db, [...new Set([journey!.id, before?.journey_id ?? journey!.id])]);
	await db.rows(
		`UPDATE journeys SET name = $2, zone = $3, n8n_zone = $4, correlation = $5, opens_at = $6, ends_at = $7, unknown_consent = $8
		 WHERE id = $1 AND (SELECT s.workflow FROM steps s WHERE s.id = entrance) = $9`,
		[journey!.id, ...panel, workflow],
	);
	return journey!.id;
}

/** The journey that a step's workflow is of now: its key may have been changed a moment ago, in another process. */
export async function journeyOf(db: Connection, step: number): Promise<number> {
	const [row] = await db.rows<{ journey_id: number }>('SELECT w.journey_id FROM steps s JOIN workflows w ON w.id = s.workflow WHERE s.id = $1', [step]);
	return row!.journey_id;
}

/**
 * Marks steps whose nodes did not come back after their workflow was unpublished, or they were removed. Those that
 * another process has registered meanwhile, as in a deploy or when another main takes over, stay on. The caller holds the
 * registry lock, as one who registers.
 */
export async function switchOff(db: Connection, steps: number[], since: Date): Promise<void> {
	const off = await db.rows<{ journey_id: number | null }>(
		`UPDATE steps s SET state = 'off', off_since = $2 FROM workflows w
		 WHERE s.id = ANY($1::int[]) AND s.state = 'on' AND s.registered_at <= $2 AND w.id = s.workflow RETURNING w.journey_id`,
		[steps, since],
	);
	await settleEntrances(db, [...new Set(off.flatMap(({ journey_id }) => journey_id ?? []))]);
}

/**
 * Steps that are on and that nobody runs: of workflows of the same installation that nobody has run for a while, and of
 * workflows of which other steps run here.
 *
 * @param here steps that run in this process
 * @param leaving steps that ran here a moment ago
 * @param before registered before this, when this process began to run steps
 * @param unseen workflows of which nothing was heard since
 */
export async function lostSteps(db: Connection, here: number[], leaving: number[], before: Date, unseen: Date): Promise<number[]> {
	const rows = await db.rows<{ id: number }>(
		`WITH ours AS MATERIALIZED (SELECT DISTINCT w.id, w.host FROM steps s JOIN workflows w ON w.id = s.workflow WHERE s.id = ANY($1::int[]))
		SELECT s.id FROM steps s JOIN workflows w ON w.id = s.workflow
		WHERE s.state = 'on' AND s.kind = ANY($5::text[]) AND s.registered_at < $3 AND s.id <> ALL($1::int[] || $2::int[])
			AND CASE WHEN w.id IN (SELECT id FROM ours) THEN true ELSE w.seen_at < $4 AND w.host IN (SELECT host FROM ours) END
		ORDER BY s.id`,
		[here, leaving, before, unseen, LISTENING],
	);
	return rows.map(({ id }) => id);
}

/** Says that the installation is alive. */
export async function beat(db: Connection, workflows: number[]): Promise<void> {
	await db.rows('UPDATE workflows SET seen_at = $2 WHERE id = ANY($1::int[])', [workflows, db.now]);
}

/** Between the moment in which an execution was emitted, as we know it, and the one in which n8n read what is published. */
const READ_WITHIN_MS = 10_000;

/** Whether a canvas has a node, and it is not disabled. */
export const HAS_NODE = (canvas: string, node: string) => `jsonb_path_exists(${canvas}, '$.nodes[*] ? (@.id == $id && !(@.disabled == true))', jsonb_build_object('id', ${node}))`;

/** What a workflow has run, at a publish. */
export interface Before {
	journey: number | null;
	canvas: Canvas;
}

/**
 * Records the canvas that an execution runs, and how it looks. The newest is what is published, its `seen_at` since when; a
 * node that was moved changes nothing but the looks.
 *
 * n8n reads what is published when an execution is emitted, and the execution keeps it, however late it begins and however
 * long it lives. No node is told of a publish: only those that it changes register again. So of two canvases the one that
 * was emitted later is the newer one, and what an execution says is true of the moment of its emission.
 *
 * @param emitted when the execution was, by the store's clock
 * @returns what ran before; `known`: nothing did, or the same. `lagsUntil`: nothing is recorded, since this execution may lag
 * behind, as all do that were emitted before this time
 */
export async function saveCanvas(
	db: Connection, { host, workflowId }: Place, { hash, canvas, drawing }: RecordedCanvas, emitted = db.now,
): Promise<Before | 'known' | { lagsUntil: Date }> {
	// Two executions that see a publish at once record it one after the other.
	const [workflow] = await db.rows<{ id: number; journey_id: number | null }>(
		'SELECT id, journey_id FROM workflows WHERE host = $1 AND workflow_id = $2 FOR NO KEY UPDATE', [host, workflowId],
	);
	if (!workflow) return 'known';
	// An older canvas, unless a node listens again since then that only this one has.
	const [last] = await db.rows<{ hash: string; canvas: Canvas; seen_at: Date; older: boolean }>(
		`SELECT hash, canvas, seen_at, EXISTS (SELECT FROM canvases WHERE workflow = $1 AND hash = $2)
			AND NOT EXISTS (SELECT FROM steps s WHERE s.workflow = $1 AND s.state = 'on' AND s.registered_at BETWEEN seen_at AND $3
				AND ${HAS_NODE('$4::jsonb', 's.node_id')} AND NOT ${HAS_NODE('canvas', 's.node_id')}) AS older
		 FROM canvases WHERE workflow = $1 ORDER BY seen_at DESC LIMIT 1`,
		[workflow.id, hash, emitted, JSON.stringify(canvas)],
	);
	if (last?.hash === hash) {
		await db.rows('UPDATE canvases SET drawing = $3 WHERE workflow = $1 AND hash = $2 AND drawing IS DISTINCT FROM $3::jsonb', [workflow.id, hash, JSON.stringify(drawing)]);
		return 'known';
	}
	if (last && +emitted < +last.seen_at + (last.older ? READ_WITHIN_MS : 0)) return { lagsUntil: last.seen_at };
	const at = new Date(Math.max(+emitted, +(last?.seen_at ?? 0) + 1));
	await db.rows(
		`INSERT INTO canvases (workflow, hash, canvas, seen_at, drawing) VALUES ($1, $2, $3, $4, $5)
		 ON CONFLICT (workflow, hash) DO UPDATE SET seen_at = excluded.seen_at, drawing = excluded.drawing`,
		[workflow.id, hash, JSON.stringify(canvas), at, JSON.stringify(drawing)],
	);
	return last ? { journey: workflow.journey_id, canvas: last.canvas } : 'known';
}

/** Keeps what the canvas is when the Entry Trigger begins to listen: it is drawn as long as no execution has seen one. */
export async function saveDrawn(db: Connection, workflow: number, { canvas, drawing }: RecordedCanvas): Promise<void> {
	await db.rows('UPDATE workflows SET drawn = $2 WHERE id = $1', [workflow, JSON.stringify({ canvas, drawing })]);
}

/** What is published of a workflow. */
export interface Published {
	workflow: number;
	journey_id: number | null;
	journey: string | null;
	/** Null: no execution has seen it yet. */
	canvas: Canvas | null;
	hash: string | null;
	since: Date | null;
}

/** What is published of a workflow, as executions have seen it; undefined: it never was. */
export async function publishedAt(db: Connection, host: string, workflowId: string): Promise<Published | undefined> {
	const [published] = await db.rows<Published>(
		`SELECT w.id AS workflow, w.journey_id, j.key AS journey, c.canvas, c.hash, c.seen_at AS since
		 FROM workflows w LEFT JOIN journeys j ON j.id = w.journey_id
			LEFT JOIN LATERAL (SELECT * FROM canvases WHERE workflow = w.id ORDER BY seen_at DESC LIMIT 1) c ON true
		 WHERE w.host = $1 AND w.workflow_id = $2`,
		[host, workflowId],
	);
	return published;
}

/** The steps of a workflow that were ever registered. */
export async function stepsAt(db: Connection, workflow: number): Promise<Array<{ id: number; node_id: string; name: string; kind: StepKind }>> {
	return await db.rows('SELECT id, node_id, name, kind FROM steps WHERE workflow = $1 ORDER BY id', [workflow]);
}

/** What a Goal takes and how: other than before it is its next version. */
const IS_ANOTHER = '(set_id, config) IS DISTINCT FROM ($2::int, $3::jsonb)';

/** What a step listens to and how: entry and goal. */
export async function saveListener(db: Connection, step: number, set: number, config: Json): Promise<void> {
	await db.rows(`UPDATE steps SET set_id = $2, config = $3,
			version = version + CASE WHEN kind = 'goal' AND set_id IS NOT NULL AND ${IS_ANOTHER} THEN 1 ELSE 0 END
		 WHERE id = $1`,
		[step, set, JSON.stringify(config)],
	);
}

/** The version that a Goal would be with this; undefined: it stays what it is. @param set null: of no conditions that are known */
export async function nextVersion(db: Connection, goal: number, set: number | null, config: Json): Promise<number | undefined> {
	const [next] = await db.rows<{ version: number }>(
		`SELECT version + 1 AS version FROM steps WHERE id = $1 AND set_id IS NOT NULL AND ${IS_ANOTHER}`, [goal, set, JSON.stringify(config)],
	);
	return next?.version;
}
