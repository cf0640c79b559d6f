import { IANAZone } from 'luxon';

import { baseNode, journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { delayState } from '../support/journeys';
import { freshStore, FrozenClock } from '../support/stores';
import { wallText } from '../core/zone-oracle';
import { checkClock } from './clockBooks';
import { Random } from './random';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'America/Santiago', 'Asia/Kathmandu', 'Europe/Istanbul'];
const CHANGING = ZONES.slice(0, 5);
const NODES = ['Entry', 'Day', 'Hours', 'Check', 'Mail', 'Weekday'];

/** What the waits of the canvas are set to. */
export interface Waits {
	/** of `Day`: the hour after a day at least */
	dayTime: string;
	/** of `Hours`, elapsed */
	hours: number;
	/** of `Weekday`: 1 is Monday */
	weekdays: number[];
	weekdayTime: string;
}

export interface Guest {
	user: string;
	email: string;
	zone: string;
}

/** A moment within the year 2026 at which the zone's clocks change. */
function changeOfClocks(zone: string, random: Random): number {
	const offset = (at: number) => Date.parse(`${wallText(at, zone)}Z`) - at;
	const changes: number[] = [];
	for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += HOUR) if (offset(at) !== offset(at + HOUR)) changes.push(at + HOUR);
	return random.pick(changes);
}

/** Moves this process to a zone. @throws when it stays where it was, on one side of the change of clocks or on both */
function moveMachine(zone: string, change: number): void {
	process.env.TZ = zone;
	for (const at of [change - MINUTE, change]) {
		const [machine, told] = [-new Date(at).getTimezoneOffset(), IANAZone.create(zone).offset(at)];
		if (machine === told) continue;
		throw new Error(
			`The machine is not in ${zone}: at ${new Date(at).toISOString()} it is ${machine} minutes ahead of UTC, and not ${told}, though TZ was set. ` +
			'In a test of jest TZ reaches nobody, since process.env is a copy there: run `node test/torture/index.js --form clock` as a process of its own.',
		);
	}
}

const canvas = ({ dayTime, hours, weekdays, weekdayTime }: Waits, zone: string, version: number) => ({
	name: 'Clocks change',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'joined', values: { value: [{ name: `seen_${version}`, path: 'seen' }] }, options: { zone } }),
		journeyNode('Day', 'journeyState', { waitFor: 'time', until: 'delay', delayAmount: 1, delayUnit: 'days', delayTime: dayTime }), delayState('Hours', hours, 'hours'),
		journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional' }),
		baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: 'Hello', text: 'Hello' }, { onError: 'continueRegularOutput' }),
		journeyNode('Weekday', 'journeyState', { until: 'weekday', weekdays, weekdayTime }), baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry > Day', 'Day > Hours', 'Hours > Check', 'Check:0 > Mail', 'Check:1 > Weekday', 'Mail > Weekday', 'Weekday > End'),
});

/**
 * People wait on a frozen clock while the clocks of the machine's zone change, n8n is killed behind random nodes, batches
 * are run twice, and the journey is published anew.
 * @returns what is wrong
 */
export async function runClock(seed: number, say: (line: string) => void): Promise<{ wrong: string[]; faults: string[]; mails: number }> {
	const random = new Random(seed);
	const zone = random.pick(CHANGING);
	const change = changeOfClocks(zone, random);
	const start = change - random.int(6, 60) * HOUR;
	// The hour that comes twice, or is skipped, and its neighbour.
	const hour = Number(wallText(change - MINUTE, zone).slice(11, 13));
	const time = () => `${String((hour + random.int(0, 1)) % 24).padStart(2, '0')}:${random.pick(['07', '37'])}`;
	const waits: Waits = {
		dayTime: time(), hours: random.int(1, 30), weekdayTime: time(),
		weekdays: [1, 2, 3, 4, 5, 6, 7].filter(() => random.chance(0.5)).concat(random.int(1, 7)).filter((day, at, all) => all.indexOf(day) === at),
	};
	say(`seed ${seed}: clocks change in ${zone} at ${new Date(change).toISOString()}; a day until ${waits.dayTime}, ${waits.hours} hours, weekdays ${waits.weekdays.join()} at ${waits.weekdayTime}`);
	const on = await freshStore('postgres', new FrozenClock(new Date(start)));
	const machine = process.env.TZ;
	try {
		moveMachine(zone, change);
		const run = await CanvasRunner.open('postgres', canvas(waits, zone, 0), { on, mailer: {} });
		const guests: Guest[] = [];
		const faults: string[] = [];
		const come = async (count: number) => {
			const fresh = Array.from({ length: count }, (_, at): Guest => {
				const user = `customer-${guests.length + at}`;
				return { user, email: `${user}@example.com`, zone: random.chance(0.5) ? zone : random.pick(ZONES) };
			});
			guests.push(...fresh);
			await run.send(...fresh.map(({ user, email, zone: own }) => ({ who: user, event: 'joined', email, change: { zone: own } })));
		};
		// Not both in one seed: the runner cannot kill one copy of a batch and not the other.
		const strikes = random.pick(['kill', 'twice'] as const);
		for (let step = 0; step < 8; step++) {
			await come(random.int(1, 4));
			const fault = random.weighted({ nothing: 2, [strikes]: 4, publish: 1 });
			const node = random.pick(NODES);
			const words = fault === 'kill' || fault === 'twice' ? `${fault} behind ${node}` : fault;
			faults.push(words);
			say(`  ${run.now.toISOString()} ${words}`);
			const same = random.chance(0.5);
			if (fault === 'kill') run.killAfter(node);
			if (fault === 'twice') run.after(node, async () => await run.runAgain({ same }));
			if (fault === 'publish') await run.publish(canvas(waits, zone, step + 1));
			await run.pass(`${random.int(1, 14)} hours ${random.int(0, 20)} minutes`);
		}
		// Somebody passes every node, so that nothing that was to happen behind one is left over.
		await come(2);
		await run.pass('20 days');
		const wrong = [...(await checkClock(run, guests, waits, zone, faults.some((one) => /kill behind (Check|Mail|Weekday)/.test(one)))), ...run.takeProblems()];
		await run.close();
		return { wrong, faults, mails: run.mails.length };
	} finally {
		if (machine === undefined) delete process.env.TZ;
		else process.env.TZ = machine;
		await on.drop();
	}
}
