import { Random } from './random';

/** n8n alone, or a main, two workers and a process for webhooks; each with Postgres and Redis. */
export type Arrangement = 'single' | 'queue';

/** What a customer does in the play, and with it what must become of them: see `fates.ts`. */
export type Plot = 'quiet' | 'clicks' | 'buys' | 'buys early or late' | 'comes back' | 'bounces' | 'refuses mail';

export type FaultKind =
	| 'kill n8n' | 'kill n8n as it sends' | 'kill n8n and Postgres' | 'deploy' | 'republish' | 'freeze n8n'
	| 'crash Postgres' | 'cut connections' | 'silence connections' | 'slow nodes' | 'send all again'
	| 'kill Redis'
	| 'kill worker' | 'kill worker as it sends' | 'freeze worker' | 'kill webhooks' | 'freeze webhooks' | 'empty Redis' | 'turn Redis back';

/** The store itself, the collector on n8n's webhook and on a port of its own, and the Redis stream. */
export type Door = 'store' | 'http' | 'port' | 'stream';
const DOORS: Door[] = ['store', 'http', 'port', 'stream'];

export interface Customer {
	/** `s7-12`: customer 12 of seed 7 */
	user: string;
	email: string;
	plot: Plot;
}

export interface Scripted {
	/** milliseconds from the beginning of the play: the event's own time */
	at: number;
	user: string;
	name: 'cart' | 'click' | 'order';
	messageId: string;
	door: Door;
	/** sent once more although it was acknowledged */
	again: boolean;
}

export interface Fault {
	at: number;
	kind: FaultKind;
	/** how long it lasts, or how long after its moment it strikes: see `faults.ts` */
	ms: number;
}

export interface Schedule {
	seed: number;
	people: Customer[];
	/** in order */
	events: Scripted[];
	/** in order; one waits for the end of the one before */
	faults: Fault[];
}

const PLAY_MS = 10_000;
/** Longer than a lease lasts here without a renewal. */
const FILLS_A_LEASE_MS = 28_000;

const PLOTS: Record<Plot, number> = { quiet: 5, clicks: 6, buys: 3, 'buys early or late': 2, 'comes back': 2, bounces: 1, 'refuses mail': 1 };
const EVERYWHERE: Partial<Record<FaultKind, number>> = {
	'kill n8n': 1, 'kill n8n and Postgres': 1, deploy: 1, republish: 2, 'crash Postgres': 4, 'cut connections': 4, 'silence connections': 2, 'slow nodes': 1, 'send all again': 1,
};
const FAULTS: Record<Arrangement, Partial<Record<FaultKind, number>>> = {
	single: { ...EVERYWHERE, 'kill n8n as it sends': 2, 'freeze n8n': 5, 'kill Redis': 3 },
	queue: { ...EVERYWHERE, 'kill worker': 1, 'kill worker as it sends': 2, 'freeze worker': 4, 'kill webhooks': 1, 'freeze webhooks': 2, 'freeze n8n': 1, 'empty Redis': 1, 'turn Redis back': 2 },
};

/** Everything that will happen: a pure function of the seed. */
export function schedule(seed: number, arrangement: Arrangement): Schedule {
	const random = new Random(seed * 2 + (arrangement === 'queue' ? 1 : 0));
	const people = Array.from({ length: random.int(30, 70) }, (_, n): Customer => {
		const plot = random.weighted(PLOTS);
		const user = `s${seed}-${n}`;
		return { user, email: `${plot === 'bounces' ? 'bounces' : 'customer'}-${user}@example.com`, plot };
	});
	const events = people.flatMap((one) => script(one, random)).sort((a, b) => a.at - b.at);
	const faults = Array.from({ length: random.int(2, 4) }, (): Fault => {
		const kind = random.weighted(FAULTS[arrangement]);
		if (kind === 'slow nodes') return { at: random.int(0, 3_000), kind, ms: FILLS_A_LEASE_MS };
		return { at: random.int(300, PLAY_MS), kind, ms: random.int(0, 3_000) };
	}).sort((a, b) => a.at - b.at);
	return { seed, people, events, faults };
}

/** People come within the first half, in waves, so that batches are filled. */
function script({ user, plot }: Customer, random: Random): Scripted[] {
	const entry = random.int(0, 5) * 1_000 + random.int(0, 150);
	const event = (name: Scripted['name'], at: number): Scripted => ({
		at, user, name, messageId: `${user} ${name} ${random.int(0, 2 ** 31)}`, door: random.pick(DOORS), again: random.chance(0.1),
	});
	const later = (from: number) => random.int(from + 1, PLAY_MS + 2_000);
	if (plot === 'clicks') return [event('cart', entry), event('click', later(entry))];
	if (plot === 'buys' || plot === 'buys early or late') return [event('cart', entry), event('order', random.chance(0.2) ? entry + 1 : later(entry))];
	if (plot === 'comes back') return [event('cart', entry), ...Array.from({ length: 3 }, () => event('cart', later(entry)))];
	return [event('cart', entry)];
}

/** @returns one line for each fault, and one for the rest */
export function wordsFor({ seed, people, events, faults }: Schedule): string[] {
	return [
		`seed ${seed}: ${people.length} people, ${events.length} events`,
		...faults.map(({ at, kind, ms }) => `  at ${(at / 1000).toFixed(1)} s ${kind} (${ms} ms)`),
	];
}
