import type { Connection } from './types';

/** Which of these instances have reached a goal: this one, or any of their journey. @returns instance ids */
export async function convertedInstances(db: Connection, instances: number[], goal: number | null): Promise<number[]> {
	const rows = await db.rows<{ instance_id: number }>(
		`SELECT DISTINCT c.instance_id FROM instances i JOIN conversions c ON c.profile_id = i.profile_id AND c.instance_id = i.id
		 WHERE i.id = ANY($1::bigint[]) AND ($2::int IS NULL OR c.step_id = $2)`,
		[instances, goal],
	);
	return rows.map((row) => row.instance_id);
}

/** Marks running instances that go on by *Converted* of a goal they did not leave by. */
export async function markBehindGoal(db: Connection, claim: { token: string; execution: string }, instances: number[]): Promise<void> {
	await db.rows(
		`UPDATE instances SET behind_goal = true
		 WHERE id = ANY($1::bigint[]) AND NOT behind_goal AND token = $2 AND EXISTS (SELECT FROM claims WHERE token = $2 AND execution = $3)`,
		[instances, claim.token, claim.execution],
	);
}
