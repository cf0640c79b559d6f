import { compileRule, rulesOf } from '../core/rule';
import { RuleError } from '../core/rule/error';
import type { Json, Rule } from '../core/types';
import type { Connection } from './types';

/** A step at which people part, and the kind of journal row it writes. */
export interface Parting {
	step: number;
	kind: 'audience' | 'branched';
}

/** One item of a batch; several may stand for one instance. */
export interface Asked {
	item: number;
	instance: number;
	/** `ruleVariables` of all rules; null when they have none. */
	vars: Json | null;
}

export interface Judged {
	item: number;
	instance: number;
	profile: number;
	/** 1 = the first rule; 0 = none. */
	choice: number;
	/** What an earlier attempt at this visit decided. */
	earlier: string | null;
}

/**
 * The first rule that holds for each of these people, in one statement for all people and rules; later rules are not
 * asked. Who is not this execution's any more is left out.
 *
 * A batch that failed further on is run again from its State, and must not find its people on another side: `earlier`
 * is what they were told then. Read only after a failure, so a first attempt pays nothing for it.
 */
export async function judge(
	db: Connection, claim: { token: string; execution: string }, { step, kind }: Parting, rules: Rule[], asked: Asked[],
): Promise<Judged[]> {
	const { sql, params } = firstOf(rules, db.now, 6);
	await checkNames(db, rules);
	return await db.rows<Judged>(
		`SELECT r.item, r.instance, i.profile_id AS profile, ${sql} AS choice, CASE WHEN i.attempts + i.losses > 0 THEN (
				SELECT coalesce(t.detail ->> 'output', t.reason) FROM journal t
				WHERE t.profile_id = i.profile_id AND t.journey_id = i.journey_id AND t.at >= i.parked_at AND t.instance_id = i.id
					AND t.step_id = $4 AND t.kind = $5 AND t.detail -> 'visit' = to_jsonb(i.visit)
				ORDER BY t.at, t.id LIMIT 1
			) END AS earlier
		 FROM jsonb_to_recordset($1::jsonb) AS r(item int, instance bigint, vars jsonb)
			JOIN instances i ON i.id = r.instance
			JOIN journeys j ON j.id = i.journey_id
			JOIN profiles p ON p.id = i.profile_id
			LEFT JOIN events e ON e.id = i.event_id AND e.received_at = i.event_received_at AND e.profile_id = i.profile_id
		 WHERE i.token = $2 AND EXISTS (SELECT FROM claims WHERE token = $2 AND execution = $3)
		 ORDER BY r.item`,
		[JSON.stringify(asked), claim.token, claim.execution, step, kind, ...params],
	);
}

/** A person as a test run brings it. What is null is taken from the stored profile `id`, if there is one. */
export interface Sample {
	item: number;
	id: number | null;
	attributes: Json | null;
	tags: string[] | null;
	/** Channel → `{state}` */
	consent: Json | null;
	context: Json | null;
	/** Of the event that woke the person. */
	properties: Json | null;
	vars: Json | null;
}

/**
 * As `judge`, for people who need not be stored: what they did is asked of the stored profile `id`. They are in no
 * journey, so since their entry nothing has happened.
 */
export async function judgeSamples(db: Connection, rules: Rule[], samples: Sample[]): Promise<Array<{ item: number; choice: number }>> {
	const { sql, params } = firstOf(rules, db.now, 2);
	await checkNames(db, rules);
	return await db.rows(
		`SELECT r.item, ${sql} AS choice
		 FROM jsonb_to_recordset($1::jsonb) AS r(item int, id bigint, attributes jsonb, tags jsonb, consent jsonb, context jsonb,
				properties jsonb, vars jsonb)
			LEFT JOIN profiles stored ON stored.id = r.id
			CROSS JOIN LATERAL (SELECT r.id, coalesce(r.attributes, stored.attributes, '{}') AS attributes,
				CASE WHEN r.tags IS NULL THEN stored.tags ELSE ARRAY(SELECT jsonb_array_elements_text(r.tags)) END AS tags,
				coalesce(r.consent, stored.consent, '{}') AS consent, stored.email, stored.phone, stored.zone) p
			LEFT JOIN LATERAL (SELECT r.context, NULL::bigint AS id, NULL::int AS journey_id, NULL::text AS correlation,
				NULL::timestamptz AS entered_at, NULL::timestamptz AS left_at, NULL::bigint AS event_id WHERE r.context IS NOT NULL) i ON true
			CROSS JOIN (SELECT 'UTC' AS zone) j
			LEFT JOIN LATERAL (SELECT r.properties WHERE r.properties IS NOT NULL) e ON true
		 ORDER BY r.item`,
		[JSON.stringify(samples), ...params],
	);
}

/** What the journal says of one way to go. */
export interface Outcome {
	reason: string;
	/** Name of the branch; null for an audience. */
	output: string | null;
}

export interface Decision extends Outcome {
	instance: number;
	/** How probable it was; null when it was no matter of chance. */
	probability: number | null;
}

/** Journals which way people went, one row per person and way, for those who are still this execution's. */
export async function tellDecisions(
	db: Connection, claim: { token: string; execution: string }, { step, kind }: Parting, decisions: Decision[],
): Promise<void> {
	await db.rows(
		`INSERT INTO journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
		 SELECT DISTINCT $6::timestamptz, $5, i.journey_id, $4::int, i.profile_id, i.id, d.reason,
			jsonb_strip_nulls(jsonb_build_object('output', d.output, 'probability', d.probability, 'visit', i.visit))
		 FROM jsonb_to_recordset($1::jsonb) AS d(instance bigint, reason text, output text, probability float8)
			JOIN instances i ON i.id = d.instance
		 WHERE i.token = $2 AND EXISTS (SELECT FROM claims WHERE token = $2 AND execution = $3)`,
		[JSON.stringify(decisions), claim.token, claim.execution, step, kind, db.now],
	);
}

/**
 * Refuses rules that ask for a segment or trait that is not there: nobody would be in it, and nobody would know why.
 * @throws RuleError naming it
 */
export async function checkNames(db: Connection, rules: Rule[]): Promise<void> {
	const segments = rules.flatMap((rule) => rulesOf(rule, 'segment').map((one) => one.segment));
	const traits = rules.flatMap((rule) => rulesOf(rule, 'trait').map((one) => one.trait));
	if (segments.length + traits.length === 0) return;
	const [missing] = await db.rows<{ what: string; name: string }>(
		`SELECT 'segment' AS what, name FROM unnest($1::text[]) AS asked(name) WHERE NOT EXISTS (SELECT FROM segments s WHERE s.name = asked.name)
		 UNION ALL SELECT 'trait', name FROM unnest($2::text[]) AS asked(name) WHERE NOT EXISTS (SELECT FROM traits t WHERE t.name = asked.name) LIMIT 1`,
		[segments, traits],
	);
	if (missing) throw new RuleError(`There is no ${missing.what} "${missing.name}". Save it with the Journey Control node, or correct the name.`);
}

/** Number of the first rule that holds, counted from 1, else 0; as SQL for `compileRule`'s aliases. */
function firstOf(rules: Rule[], now: Date, firstParameter: number): { sql: string; params: unknown[] } {
	const params: unknown[] = [];
	const cases = rules.map((rule, at) => {
		const compiled = compileRule(rule, { now, firstParameter: firstParameter + params.length, inside: true });
		params.push(...compiled.params);
		return `WHEN ${compiled.sql} THEN ${at + 1}`;
	});
	return { sql: cases.length > 0 ? `CASE ${cases.join(' ')} ELSE 0 END` : '0', params };
}
