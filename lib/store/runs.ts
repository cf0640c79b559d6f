import { compileRule } from '../core/rule';
import type { Recurrence } from '../core/schedule';
import type { Rule } from '../core/types';
import type { Connection } from './types';

/** What an Entry Trigger on a schedule says, as its step keeps it. */
export interface ScheduleConfig {
	/** When: if it changes, the schedule begins anew. */
	when: { recurrence: Recurrence; atTime: string; /** By each profile's own clock. */ ownZone: boolean };
	/** The audience; null: everyone. */
	rule: Rule | null;
	/** People per minute; null: as many as the journey takes. */
	pace: number | null;
	/** How late a run may begin, in milliseconds. */
	catchUpMs: number;
	/** ISO 8601: nobody enters before, or from then on. */
	start: string | null;
	end: string | null;
}

/** A schedule that is listening. */
export interface Planned {
	step: number;
	journey: number;
	name: string;
	/** Of the journey. */
	zone: string;
	planned_until: Date;
	schedule: ScheduleConfig;
	/** Nobody enters: what falls due is nobody's date, and was not missed. */
	closed: boolean;
}

/** Everyone, or the people of one zone. */
export interface Group {
	/** `*` everyone; empty: who has no zone of their own; `segment:` and a name: who is in it; else who has this zone. */
	people: string;
	zone: string;
}

export interface NewRun extends Group {
	/** `YYYY-MM-DD` */
	date: string;
	at: Date;
	missed: boolean;
}

/** What is looked at, and what waits, at once. */
export interface PageLimits {
	/** Profiles looked at. */
	scan: number;
	/** Candidates of the step that may wait. */
	waiting: number;
}

/**
 * Lets a step's schedule begin now, begin anew if it says other dates, or go on where it was; without one its runs end.
 * To be called before its new panel is stored.
 *
 * @param offSince when the step stopped listening, if it did: what fell into that time is caught up with, and never missed
 */
export async function beginSchedule(db: Connection, step: number, schedule: ScheduleConfig | null, from: Date, offSince: Date | null): Promise<void> {
	await db.rows(
		`UPDATE steps SET planned_until = CASE
			WHEN $2::jsonb IS NULL THEN NULL
			WHEN planned_until IS NULL OR config->'schedule'->'when' IS DISTINCT FROM $2::jsonb->'when' THEN $3
			WHEN $4::timestamptz IS NOT NULL THEN greatest(planned_until, $5::timestamptz)
			ELSE planned_until END
		 WHERE id = $1`,
		[step, schedule && JSON.stringify(schedule), from, offSince, new Date(+db.now - (schedule?.catchUpMs ?? 0))],
	);
	if (schedule === null) await db.rows("UPDATE runs SET state = 'done', ended_at = $2 WHERE step_id = $1 AND state = 'open' AND NOT starts_with(people, 'segment:')", [step, db.now]);
}

/**
 * Lets a step begin with everyone who is in its segment now: once for each segment that it is given, by a run. A run for
 * another segment ends.
 *
 * @param segment null: nobody is let in but those who join from now on
 */
export async function beginWithMembers(db: Connection, step: number, journey: number, segment: string | null): Promise<void> {
	const people = segment && `segment:${segment}`;
	await db.rows(
		"UPDATE runs SET state = 'done', ended_at = $2 WHERE step_id = $1 AND state = 'open' AND starts_with(people, 'segment:') AND people IS DISTINCT FROM $3",
		[step, db.now, people],
	);
	if (segment === null) return;
	await db.rows(
		`WITH begun AS (UPDATE steps SET began_with = $4 WHERE id = $1 AND began_with IS DISTINCT FROM $4 RETURNING workflow)
		 INSERT INTO runs (step_id, journey_id, scheduled_for, people, zone, at, state, rule, canvas, next_page_at)
		 SELECT $1, $2, $3::timestamptz::date, $5, j.zone, $3, 'open', $6,
			(SELECT hash FROM canvases c WHERE c.workflow = begun.workflow ORDER BY seen_at DESC LIMIT 1), greatest($3, j.opens_at)
		 FROM begun JOIN journeys j ON j.id = $2
		 ON CONFLICT (journey_id, scheduled_for, people) DO NOTHING`,
		[step, journey, db.now, segment, people, JSON.stringify({ kind: 'segment', segment, in: true })],
	);
}

/** The schedules that listen. */
export async function plannedSchedules(db: Connection): Promise<Planned[]> {
	return await db.rows<Planned>(
		`SELECT s.id AS step, j.id AS journey, j.name, j.zone, s.planned_until, s.config->'schedule' AS schedule,
			j.closed_at IS NOT NULL OR j.archived_at IS NOT NULL OR j.entrance <> s.id AS closed
		 FROM steps s JOIN workflows w ON w.id = s.workflow JOIN journeys j ON j.id = w.journey_id
		 WHERE s.planned_until IS NOT NULL AND s.state = 'on' ORDER BY s.id`,
	);
}

/** The zones that profiles have, found by as many looks into the index as there are zones. */
export async function zonesOfProfiles(db: Connection): Promise<string[]> {
	const rows = await db.rows<{ zone: string }>(
		`WITH RECURSIVE known(zone) AS (
			(SELECT zone FROM profiles WHERE merged_into IS NULL AND zone IS NOT NULL ORDER BY zone LIMIT 1)
			UNION ALL
			SELECT (SELECT p.zone FROM profiles p WHERE p.merged_into IS NULL AND p.zone > known.zone ORDER BY p.zone LIMIT 1)
			FROM known WHERE known.zone IS NOT NULL
		)
		SELECT zone FROM known WHERE zone IS NOT NULL`,
	);
	return rows.map(({ zone }) => zone);
}

/**
 * Makes the runs that are due, and those that were missed, and notes up to when this has been done. A date has one run
 * for each group of people, whoever makes it.
 *
 * @returns those that are new
 */
export async function makeRuns(db: Connection, { step, journey }: Planned, runs: NewRun[]): Promise<NewRun[]> {
	await db.rows('UPDATE steps SET planned_until = $2 WHERE id = $1 AND planned_until < $2', [step, db.now]);
	if (runs.length === 0) return [];
	const made = await db.rows<{ date: string; people: string }>(
		`INSERT INTO runs (step_id, journey_id, scheduled_for, people, zone, at, state, rule, canvas, next_page_at, ended_at)
		 SELECT s.id, $2, r.date, r.people, r.zone, r.at, CASE WHEN r.missed THEN 'missed' ELSE 'open' END,
			nullif(s.config->'schedule'->'rule', 'null'),
			(SELECT hash FROM canvases c WHERE c.workflow = s.workflow ORDER BY seen_at DESC LIMIT 1), $3, CASE WHEN r.missed THEN $3::timestamptz END
		 FROM jsonb_to_recordset($4::jsonb) AS r(date date, people text, zone text, at timestamptz, missed boolean) JOIN steps s ON s.id = $1
		 ORDER BY r.at, r.people
		 ON CONFLICT (journey_id, scheduled_for, people) DO NOTHING
		 RETURNING scheduled_for::text AS date, people`,
		[step, journey, db.now, JSON.stringify(runs)],
	);
	const fresh = new Set(made.map(({ date, people }) => `${date} ${people}`));
	return runs.filter(({ date, people }) => fresh.has(`${date} ${people}`));
}

/** A run whose next page is due. */
export interface OpenRun {
	id: number;
	step_id: number;
	journey_id: number;
	date: string;
	/** When it was due: the moment of everybody's entry, whenever their page comes round. */
	at: Date;
	people: string;
	rule: Rule | null;
	pace: number | null;
	/** The journey's zone, by which days are told of who has none. */
	zone: string;
}

const MOVING = `runs r JOIN steps s ON s.id = r.step_id JOIN journeys j ON j.id = r.journey_id
		 WHERE r.state = 'open' AND s.state = 'on' AND (s.planned_until IS NOT NULL OR starts_with(r.people, 'segment:')) AND j.entrance = s.id
			AND j.paused_at IS NULL AND j.closed_at IS NULL AND j.archived_at IS NULL`;

/** Whether a page of an open run is due, and when the next one will be; undefined: none will. */
export async function nextPages(db: Connection): Promise<{ due: boolean; next?: Date }> {
	const [row] = await db.rows<{ due: boolean; next: Date | null }>(
		`SELECT count(*) FILTER (WHERE r.next_page_at <= $1) > 0 AS due, min(r.next_page_at) FILTER (WHERE r.next_page_at > $1) AS next FROM ${MOVING}`,
		[db.now],
	);
	return { due: row!.due, ...(row!.next && { next: row!.next }) };
}

/**
 * Holds the run that is due first and whose step has room, so that no other process goes on with it, or with another run
 * of the step: two that look at somebody whose zone changes must not both take them.
 */
export async function holdRun(db: Connection, limits: PageLimits): Promise<OpenRun | undefined> {
	const [run] = await db.rows<OpenRun>(
		`SELECT r.id, r.step_id, r.journey_id, r.scheduled_for::text AS date, r.at, r.people, r.rule, (coalesce(s.config->'schedule', s.config)->>'pace')::int AS pace, j.zone
		 FROM ${MOVING} AND r.next_page_at <= $1
			AND (SELECT count(*) FROM (SELECT FROM candidates c WHERE c.step_id = s.id AND c.attempts = 0 AND c.token IS NULL ORDER BY c.due_at LIMIT $2) waiting) < $2
		 ORDER BY r.next_page_at, r.at, r.id LIMIT 1 FOR NO KEY UPDATE OF r, s SKIP LOCKED`,
		[db.now, limits.waiting],
	);
	return run;
}

/** Whether somebody has been in the segment of a run since before it began, and has neither entered since nor is about to. */
const NEW_IN_SEGMENT = (journey: number) => `(SELECT count(*) FROM (
					SELECT FROM segment_members m JOIN segments g ON g.id = m.segment_id JOIN runs r ON r.id = $1
					WHERE m.profile_id = p.id AND 'segment:' || g.name = r.people AND m.left_at IS NULL AND m.joined_at <= r.at + interval '1 minute'
						AND NOT EXISTS (SELECT FROM enrolments en WHERE en.profile_id = m.profile_id AND en.journey_id = ${journey} AND en.last_entry >= m.joined_at)
					LIMIT 1
				) members) = 1 AND (SELECT count(*) FROM (SELECT FROM candidates c WHERE c.profile_id = p.id AND c.journey_id = ${journey} LIMIT 1) waiting) = 0`;

/**
 * Looks at the next profiles of a run that this transaction holds, and makes candidates of those in its audience: the
 * cursor moves in the same statement, so a page that was cut off never was. Who has entered or is about to enter for this
 * date, as another profile or in another zone, is not taken again. Of a segment only they are taken who have not entered
 * since they joined: whoever joins while the run goes on enters by that.
 *
 * The rule is asked of every profile of the page, and the page is bounded, so that a rule that hardly anybody meets
 * takes no longer. Counts, and not EXISTS, of which the planner may make one hash over everybody for each page.
 */
export async function writePage(db: Connection, run: OpenRun, people: number, scan: number): Promise<{ examined: number; selected: number; ended: boolean }> {
	const params: unknown[] = [run.id, db.now, run.date, run.people, scan, people, run.pace, run.at];
	const rule = run.rule && compileRule(run.rule, { now: db.now, firstParameter: params.length + 1, zone: run.zone });
	const ofSegment = run.people.startsWith('segment:');
	const whose = run.people === '*' || ofSegment ? '$4::text IS NOT NULL' : run.people === '' ? "p.zone IS NULL AND $4 = ''" : 'p.zone = $4';
	const [page] = await db.rows<{ examined: number; selected: number; ended: boolean }>(
		`WITH looked AS MATERIALIZED (
			SELECT p.id, ${rule ? rule.sql : 'true'} AND (SELECT count(*) FROM (
					SELECT FROM enrolments en WHERE en.profile_id = p.id AND en.journey_id = ${run.journey_id} AND en.scheduled_for >= $3::date LIMIT 1
				) entered) = 0 AND (SELECT count(*) FROM (
					SELECT FROM candidates c JOIN runs o ON o.id = c.run_id
					WHERE c.profile_id = p.id AND c.journey_id = ${run.journey_id} AND o.scheduled_for = $3::date LIMIT 1
				) entering) = 0${ofSegment ? ` AND ${NEW_IN_SEGMENT(run.journey_id)}` : ''} AS chosen
			FROM (
				SELECT * FROM profiles p WHERE p.id > (SELECT cursor FROM runs WHERE id = $1) AND p.merged_into IS NULL AND p.erased_at IS NULL AND ${whose}
				ORDER BY p.id LIMIT $5
			) p
		), page AS MATERIALIZED (SELECT id FROM looked WHERE chosen ORDER BY id LIMIT $6),
		put AS (
			INSERT INTO candidates (step_id, journey_id, profile_id, run_id, occurred_at, due_at)
			SELECT ${run.step_id}, ${run.journey_id}, id, $1, $8, $2 FROM page ORDER BY id
		), counted AS (
			SELECT (SELECT count(*) FROM looked) AS seen, (SELECT max(id) FROM looked) AS last_seen, (SELECT count(*) FROM page) AS taken,
				(SELECT max(id) FROM page) AS last_taken
		), reached AS (
			-- With a full page, who comes behind it is looked at again.
			SELECT *, CASE WHEN taken = $6 THEN last_taken ELSE last_seen END AS last, taken < $6 AND seen < $5 AS ends FROM counted
		)
		UPDATE runs SET cursor = coalesce(reached.last, cursor), selected = selected + taken,
			examined = examined + CASE WHEN taken = $6 THEN (SELECT count(*) FROM looked WHERE id <= reached.last) ELSE seen END,
			next_page_at = $2::timestamptz + CASE WHEN $7::int IS NULL THEN interval '0' ELSE taken * interval '1 minute' / $7 END,
			state = CASE WHEN ends THEN 'done' ELSE 'open' END, ended_at = CASE WHEN ends THEN $2::timestamptz END
		FROM reached WHERE runs.id = $1
		RETURNING seen::int AS examined, taken::int AS selected, ends AS ended`,
		[...params, ...(rule?.params ?? [])],
	);
	return page!;
}

/** The last run that somebody might have entered by. */
export interface PassedBy {
	/** Position of the question. */
	asked: number;
	profile_id: number;
	date: string;
	at: Date;
	rule: Rule | null;
	canvas: string | null;
	examined: number;
	selected: number;
	zone: string;
	/** `ahead`: it has not come to them yet · `unknown`: they were not known when it ended */
	state: 'done' | 'missed' | 'ahead' | 'unknown';
}

/** For each person and journey the last run for them that did not take them; who was taken, or refused since, is left out. */
export async function passedBy(db: Connection, questions: Array<{ profile_id: number; journey_id: number }>): Promise<PassedBy[]> {
	return await db.rows<PassedBy>(
		`SELECT (a.ordinal - 1)::int AS asked, p.id AS profile_id, r.scheduled_for::text AS date, r.at, r.rule, r.canvas, r.examined, r.selected, j.zone,
			CASE WHEN r.state = 'missed' THEN 'missed' WHEN r.state = 'open' AND r.cursor < p.id THEN 'ahead'
				WHEN p.created_at > r.ended_at THEN 'unknown' ELSE 'done' END AS state
		 FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS a(profile_id, journey_id, ordinal)
			JOIN profiles p ON p.id = a.profile_id JOIN journeys j ON j.id = a.journey_id
			CROSS JOIN LATERAL (
				SELECT * FROM runs r WHERE r.journey_id = a.journey_id AND r.people IN ('*', coalesce(p.zone, '')) ORDER BY r.scheduled_for DESC, r.id DESC LIMIT 1
			) r
		 WHERE (SELECT count(*) FROM enrolments en WHERE en.profile_id = a.profile_id AND en.journey_id = a.journey_id AND en.scheduled_for >= r.scheduled_for) = 0
			AND (SELECT count(*) FROM candidates c WHERE c.profile_id = a.profile_id AND c.journey_id = a.journey_id AND c.run_id = r.id) = 0
			AND (SELECT count(*) FROM refusals f WHERE f.profile_id = a.profile_id AND f.journey_id = a.journey_id AND f.last_at >= r.at) = 0
		 ORDER BY a.ordinal`,
		[questions.map(({ profile_id }) => profile_id), questions.map(({ journey_id }) => journey_id)],
	);
}

/** Forgets runs of before this moment that have ended, a bounded number at a time. @returns how many */
export async function dropRuns(db: Connection, before: Date): Promise<number> {
	const rows = await db.rows(
		`DELETE FROM runs WHERE id = ANY(ARRAY(
			SELECT r.id FROM runs r WHERE r.at < $1 AND r.state <> 'open' AND NOT EXISTS (SELECT FROM candidates c WHERE c.run_id = r.id)
			ORDER BY r.at LIMIT 10000
		)) RETURNING 1`,
		[before],
	);
	return rows.length;
}
