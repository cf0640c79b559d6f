import { oracleInstantOf, oracleShift, wallText } from '../core/zone-oracle';
import type { CanvasRunner } from '../support/canvasRunner';
import type { Guest, Waits } from './clock';

interface Entry {
	kind: string;
	step: string | null;
	user: string;
	at: Date;
	due_at: Date | null;
}

const STEPS = ['Day', 'Hours', 'Weekday'];
/** After a kill somebody goes on when the lease is over, a minute later; and again after the next. */
const LATE_MS = 10 * 60_000;

/** When a wait that begins now must be over, by the naive rules of the oracle. */
function dueBy(step: string, at: number, zone: string, waits: Waits): number {
	if (step === 'Hours') return at + waits.hours * 3_600_000;
	const wall = wallText(at, zone);
	if (step === 'Day') {
		const tomorrow = oracleShift(wall, 1, 'days');
		// Both may be skipped by the clocks, and are then the same moment.
		const times = [0, 1].map((days) => oracleInstantOf(`${oracleShift(tomorrow, days, 'days').slice(0, 10)}T${waits.dayTime}`, zone));
		const least = oracleInstantOf(tomorrow, zone);
		// Walls are told in minutes; a wall that the clocks skip is over at the full one.
		const seconds = wallText(least, zone) === tomorrow ? at % 60_000 : 0;
		return times.find((time) => time >= least + seconds)!;
	}
	for (let day = wall; ; day = oracleShift(day, 1, 'days')) {
		const instant = oracleInstantOf(`${day.slice(0, 10)}T${waits.weekdayTime}`, zone);
		const weekday = new Date(`${day.slice(0, 10)}T00:00Z`).getUTCDay() || 7;
		if (instant >= at && waits.weekdays.includes(weekday)) return instant;
	}
}

/** @param inDoubt something was killed where messages are sent @returns what is wrong */
export async function checkClock(run: CanvasRunner, guests: Guest[], waits: Waits, zone: string, inDoubt: boolean): Promise<string[]> {
	const { journal, left, deliveries } = await run.store.tx(async (db) => ({
		journal: await db.rows<Entry>(
			`SELECT j.kind, s.name AS step, i.value AS user, j.at, j.due_at FROM journal j LEFT JOIN steps s ON s.id = j.step_id
			 JOIN identities i ON i.profile_id = j.profile_id AND i.kind = 'user_id' ORDER BY j.id`),
		left: await db.rows('SELECT id FROM instances UNION ALL SELECT id FROM candidates UNION ALL SELECT step_id FROM claims'),
		deliveries: await db.rows<{ status: string; user: string }>(
			"SELECT d.status, i.value AS user FROM deliveries d JOIN identities i ON i.profile_id = d.profile_id AND i.kind = 'user_id'"),
	}));
	const wrong = left.map((one) => `left behind: ${JSON.stringify(one)}`);
	for (const { user, email, zone: own } of guests) {
		const story = journal.filter((one) => one.user === user);
		const of = (kind: string) => story.filter((one) => one.kind === kind);
		if (of('entered').length !== 1 || of('done').length !== 1 || of('failed').length > 0) wrong.push(`${user} entered ${of('entered').length} times and ended ${of('done').length} times`);
		const parked = of('parked');
		if (parked.map(({ step }) => step).join() !== STEPS.join()) wrong.push(`${user} waited at ${parked.map(({ step }) => step).join()}`);
		for (const { step, at, due_at } of parked) {
			const due = dueBy(step!, +at, own ?? zone, waits);
			if (+due_at! !== due) wrong.push(`${user} in ${own} waits at ${step} from ${at.toISOString()} until ${due_at!.toISOString()}, not ${new Date(due).toISOString()}`);
			const woken = of('woken').filter((one) => one.step === step);
			const late = Number(woken.at(-1)?.at) - +due_at!;
			if (!(late >= 0 && late <= LATE_MS)) wrong.push(`${user} was to leave ${step} at ${due_at!.toISOString()} and left at ${woken.at(-1)?.at.toISOString()}`);
		}
		const mails = run.mails.filter(({ to }) => to === email).length;
		const mine = deliveries.filter((one) => one.user === user).map(({ status }) => status);
		if (mine.length !== 1) wrong.push(`${user} has ${mine.length} messages`);
		if (mails > 1) wrong.push(`DOUBLED: ${user} got ${mails} mails`);
		if (mine[0] === 'sent' ? mails !== 1 : !(mine[0] === 'unknown' && inDoubt)) wrong.push(`the message of ${user} is ${mine.join()} and ${mails} mails arrived`);
	}
	return wrong;
}
