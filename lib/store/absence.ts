import { ACHIEVES, BY_NONE, convert, GOALS, THEIRS } from './goals';
import { NEW_EVENTS, ON_RECORD } from './match';
import type { Connection } from './types';

/*
 * Goals on what does not happen. An enrolment that they are to judge says when, in `judge_at`; that column is the timer,
 * and there are no others. It counts wherever the person is by then: in a wait, on their way, or out of the journey.
 */

/** When the time is over in which something must not happen, and who is late has been waited for. */
const JUDGED_AT = "en.entered_at + (s.config->>'window')::interval + (s.config->>'grace')::interval";
const JUDGES = `s.kind = 'goal' AND s.state = 'on' AND s.config ? 'absent' AND ${JUDGED_AT} > s.judges_from`;
/** What has not happened to these instances, at the end of its time. As a goal's event looks, but for what makes one. */
const NOT_HAPPENED = `${GOALS}
	JOIN enrolments en ON en.journey_id = w.journey_id
	CROSS JOIN LATERAL (
		SELECT NULL::bigint AS id, NULL::timestamptz AS received_at, en.entered_at + (s.config->>'window')::interval AS occurred_at, NULL::jsonb AS properties
	) e
	WHERE ${JUDGES} AND ${THEIRS} AND ${JUDGED_AT} <= $1 AND en.profile_id = ANY($2::bigint[]) AND en.instance_id = ANY($3::bigint[])
		AND (SELECT count(*) FROM (
			SELECT FROM events x WHERE ${ON_RECORD('en.entered_at', 'x')} x.profile_id = en.profile_id AND ${ACHIEVES('x')} LIMIT 1
		) happened) = 0`;

/**
 * Stores the conversions that these instances are by what has not happened to them, and takes out who leaves by them.
 * The caller holds the match lock: what happens from now on comes too late.
 *
 * @returns how many
 */
export async function convertByAbsence(db: Connection, profiles: number[], instances: number[]): Promise<number> {
	return (await db.rows(convert(NOT_HAPPENED, '', BY_NONE), [db.now, profiles, instances])).length;
}

/** The next moment, behind this one, at which an enrolment is judged. */
const NEXT_JUDGEMENT = (behind: string) => `(SELECT min(${JUDGED_AT}) FROM steps s JOIN workflows w ON w.id = s.workflow
	WHERE w.journey_id = en.journey_id AND ${JUDGES} AND ${JUDGED_AT} > ${behind})`;

/** Gives runs through journeys the moment at which they are judged. Writes nothing where no goal judges. @param instances null: all of these profiles */
export async function planJudgements(db: Connection, profiles: number[], instances: number[] | null): Promise<void> {
	await db.rows(
		`UPDATE enrolments en SET judge_at = ${NEXT_JUDGEMENT("'-infinity'")}
		 WHERE en.journey_id = ANY(ARRAY(SELECT w.journey_id FROM steps s JOIN workflows w ON w.id = s.workflow WHERE s.config ? 'absent' AND s.state = 'on'))
			AND en.profile_id = ANY($1::bigint[])
			AND ($2::bigint[] IS NULL OR en.instance_id = ANY($2))`,
		[profiles, instances],
	);
}

/** Who is to be judged by now, the earliest first. Asked without a lock: who is judged meanwhile is found to have been. */
export async function dueJudgements(db: Connection, most: number): Promise<Array<{ profile_id: number; instance_id: number }>> {
	return await db.rows('SELECT profile_id, instance_id FROM enrolments WHERE judge_at <= $1 ORDER BY judge_at LIMIT $2', [db.now, most]);
}

/** Those who have been judged: when it is their turn again. */
export async function tellJudged(db: Connection, profiles: number[], instances: number[]): Promise<void> {
	await db.rows(
		`UPDATE enrolments en SET judge_at = ${NEXT_JUDGEMENT('$1')}
		 WHERE en.profile_id = ANY($2::bigint[]) AND en.instance_id = ANY($3::bigint[]) AND en.judge_at <= $1`,
		[db.now, profiles, instances],
	);
}

/**
 * Lets a goal judge those who are in its journey already, if it is new, another one now, or was off. To be called before
 * its new panel is stored.
 *
 * @param from times that were over by then are not judged; null: if it is as it was, it goes on
 */
export async function beginJudging(db: Connection, step: number, set: number, config: object, from: Date | null): Promise<void> {
	await db.rows(
		`UPDATE steps SET judges_from = coalesce($4::timestamptz, $5), judged_to = 0
		 WHERE id = $1 AND ($4::timestamptz IS NOT NULL OR (set_id, config) IS DISTINCT FROM ($2::int, $3::jsonb))`,
		[step, set, JSON.stringify(config), from, db.now],
	);
}

/** The same, profile by profile: gives the next ones of one goal their moment. @returns whether there may be more */
export async function fillJudgements(db: Connection, profiles: number): Promise<boolean> {
	const [open] = await db.rows<{ id: number; judged_to: number }>(
		"SELECT id, judged_to FROM steps WHERE config ? 'absent' AND judged_to IS NOT NULL ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
	);
	if (!open) return false;
	const [page] = await db.rows<{ last: number | null }>('SELECT max(id) AS last FROM (SELECT id FROM profiles WHERE id > $1 ORDER BY id LIMIT $2) AS page', [open.judged_to, profiles]);
	const last = page!.last;
	if (last !== null) {
		await db.rows(
			`UPDATE enrolments en SET judge_at = least(en.judge_at, ${JUDGED_AT}) FROM steps s JOIN workflows w ON w.id = s.workflow
			 WHERE s.id = $1 AND ${JUDGES} AND en.profile_id > $2 AND en.profile_id <= $3 AND en.journey_id = w.journey_id`,
			[open.id, open.judged_to, last],
		);
	}
	await db.rows('UPDATE steps SET judged_to = $2 WHERE id = $1', [open.id, last]);
	return true;
}

/** Journals which of these new events would have kept somebody from a conversion that was stored before. @returns how many */
export async function tellTooLate(db: Connection, events: number[]): Promise<number> {
	if (events.length === 0) return 0;
	return (await db.rows(
		`WITH ${NEW_EVENTS}
		INSERT INTO journal (at, due_at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		SELECT DISTINCT ON (e.id, s.id, en.instance_id) $1, cv.converted_at, 'late', en.journey_id, s.id, en.profile_id, en.instance_id, 'goal',
			jsonb_build_object('event_id', e.id)
		FROM ${GOALS}
		JOIN fresh e ON e.name = c.event
		CROSS JOIN LATERAL (
			SELECT * FROM enrolments en WHERE en.profile_id = e.profile_id AND en.journey_id = w.journey_id OFFSET 0
		) en
		CROSS JOIN LATERAL (
			SELECT * FROM conversions cv WHERE cv.profile_id = en.profile_id AND cv.step_id = s.id AND cv.instance_id = en.instance_id OFFSET 0
		) cv
		WHERE s.kind = 'goal' AND s.config ? 'absent' AND ${ACHIEVES()}
		ORDER BY e.id, s.id, en.instance_id
		RETURNING id`,
		[db.now, events],
	)).length;
}
