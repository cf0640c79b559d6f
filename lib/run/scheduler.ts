import { nextOccasions, occasionsBetween } from '../core/schedule';
import { tellAct } from '../store/acts';
import { currentPause } from '../store/pause';
import { holdRun, makeRuns, nextPages, plannedSchedules, writePage, zonesOfProfiles, type Group, type NewRun, type OpenRun, type PageLimits, type Planned } from '../store/runs';
import type { Connection, Store } from '../store/types';

const LIMITS: PageLimits = { scan: 10_000, waiting: 10_000 };
/** With a pace, one page a second; a rule may pass over so many for each that it takes. */
const PAGES_A_MINUTE = 60;
const LEAST_SCAN = 1_000;

const BUSY_MS = 50;
const IDLE_MS = 30_000;
const AWAY_MS = 5_000;
/** A page is due and cannot be written: many candidates wait, another process has it, or the store is paused. */
const HELD_UP_MS = 5_000;

/** What one look has done. */
export interface Looked {
	/** Runs that began or were missed. */
	runs: number;
	pages: number;
	/** People who were made candidates. */
	selected: number;
	/** A page was due and could not be written. */
	heldUp: boolean;
	/** When the next run begins, or the next page will be due; undefined: nothing is ahead. */
	next?: Date;
}

/**
 * Begins the runs of schedules when they are due and takes each through the profiles, page by page. Each page is one
 * transaction, and no new one begins while many candidates wait, so a million people enter in bounded memory, and a run
 * that was cut off goes on where it was.
 *
 * Any process may do it, for all steps of the store: a date has one run, and a run is held while its page is written.
 */
export class Scheduler {
	private timer?: NodeJS.Timeout;
	private busy?: Promise<void>;
	private again = false;
	private stopped = false;
	private started = false;
	private failing = false;
	private heldUp = false;

	constructor(
		private readonly store: Store,
		private readonly onCandidates: () => void,
		private readonly log: { warn(message: string): void; error(message: string): void },
		private readonly limits = LIMITS,
	) {}

	/** Starts the loop; without it, whoever calls `tick()` keeps the time. Called again, it looks at once. */
	start(): void {
		this.started = true;
		this.stopped = false;
		this.look();
	}

	/** Candidates have been admitted: a page that was held up may be written now. */
	room(): void {
		if (this.heldUp) this.look();
	}

	async stop(): Promise<void> {
		this.stopped = true;
		clearTimeout(this.timer);
		await this.busy;
	}

	private look(): void {
		if (!this.started || this.stopped) return;
		clearTimeout(this.timer);
		this.again = this.busy !== undefined;
		this.busy ??= this.run().then((pause) => {
			this.busy = undefined;
			if (this.stopped) return;
			this.timer = setTimeout(() => this.look(), this.again ? 0 : pause).unref();
		});
	}

	/** @returns milliseconds until it should look again */
	private async run(): Promise<number> {
		try {
			const { pages, heldUp, next } = await this.tick();
			this.failing = false;
			this.heldUp = heldUp;
			if (pages > 0) return 0;
			const most = heldUp ? HELD_UP_MS : IDLE_MS;
			return next ? Math.max(BUSY_MS, Math.min(most, +next - +(await this.store.tx(async ({ now }) => now)))) : most;
		} catch (error) {
			// The store is away: say it once, then keep asking.
			if (!this.failing) this.log.error(`Journey: ${(error as Error).message}`);
			this.failing = true;
			return AWAY_MS;
		}
	}

	/** Begins what is due, and writes one page. */
	async tick(): Promise<Looked> {
		const { made, next } = await this.store.tx(async (db) => await plan(db));
		for (const [{ name }, runs] of made) this.tellMissed(name, runs.filter(({ missed }) => missed));
		const page = await this.store.tx(async (db) => await this.page(db));
		if (page && page.selected > 0) this.onCandidates();
		const ahead = await this.store.tx(nextPages);
		const moments = [next, ahead.next].filter((one) => one !== undefined);
		return {
			runs: made.reduce((sum, [, runs]) => sum + runs.length, 0), pages: page ? 1 : 0, selected: page?.selected ?? 0,
			heldUp: !page && ahead.due,
			next: moments.length > 0 ? new Date(Math.min(...moments.map(Number))) : undefined,
		};
	}

	private async page(db: Connection): Promise<{ selected: number } | undefined> {
		if (await currentPause(db)) return undefined;
		const run = await holdRun(db, this.limits);
		if (!run) return undefined;
		const { people, scan } = sizeOf(run, this.limits.scan);
		return await writePage(db, run, people, scan);
	}

	private tellMissed(journey: string, missed: NewRun[]): void {
		for (const date of new Set(missed.map((one) => one.date))) {
			const of = missed.filter((one) => one.date === date);
			const zones = of.length > 1 ? ` in ${of.length} time zones` : '';
			this.log.warn(`Journey "${journey}": its run of ${date}${zones} was missed, due ${of[0]!.at.toISOString()}. n8n or its store was not there, and the catch-up window is over: nobody entered by it.`);
		}
	}
}

function sizeOf({ pace }: OpenRun, scan: number): { people: number; scan: number } {
	if (pace === null) return { people: scan, scan };
	const people = Math.min(scan, Math.ceil(pace / PAGES_A_MINUTE));
	return { people, scan: Math.min(scan, Math.max(LEAST_SCAN, people)) };
}

async function plan(db: Connection): Promise<{ made: Array<[Planned, NewRun[]]>; next?: Date }> {
	const made: Array<[Planned, NewRun[]]> = [];
	let next: Date | undefined;
	for (const planned of await plannedSchedules(db)) {
		const { schedule: { when } } = planned;
		const zones = when.ownZone ? await zonesOfProfiles(db) : [];
		const groups: Group[] = when.ownZone
			? [{ people: '', zone: planned.zone }, ...zones.map((zone) => ({ people: zone, zone }))]
			: [{ people: '*', zone: planned.zone }];
		const runs = planned.closed ? [] : groups.flatMap((group) => dueRuns(planned, group, db.now));
		const begun = await makeRuns(db, planned, runs);
		await keepMissed(db, planned, begun.filter(({ missed }) => missed));
		made.push([planned, begun]);
		for (const { zone } of groups) {
			const ahead = nextOccasions(when, zone, db.now, 1)[0]?.at;
			if (ahead && (!next || ahead < next)) next = ahead;
		}
	}
	return { made, next };
}

/** A date that was passed over stands among the acts of the journey. */
async function keepMissed(db: Connection, { journey }: Planned, missed: NewRun[]): Promise<void> {
	for (const date of new Set(missed.map((one) => one.date))) {
		const of = missed.filter((one) => one.date === date);
		await tellAct(db, 'missed run', 'scheduler', journey, { date, due_at: of[0]!.at.toISOString(), zones: of.length });
	}
}

/** Of several dates that are due at once, only the newest is caught up with. */
function dueRuns({ planned_until, schedule }: Planned, { people, zone }: Group, now: Date): NewRun[] {
	const { when, catchUpMs, start, end } = schedule;
	const due = occasionsBetween(when, zone, planned_until, now)
		.filter(({ at }) => (start === null || at >= new Date(start)) && (end === null || at < new Date(end)));
	return due.map(({ date, at }, place) => ({ date, at, people, zone, missed: place < due.length - 1 || +now - +at > catchUpMs }));
}
