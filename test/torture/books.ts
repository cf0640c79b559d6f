import { IN_TURN, REMINDER, THANKS, TORTURED } from './canvas';
import { FATES } from './fates';
import { inJourney, type Ledger } from './ledger';
import type { Played } from './play';
import type { Customer } from './schedule';
import { inTheirTurn } from './turnBooks';
import { waitedAsLong } from './waitBooks';

/** One thing that is wrong, and whom it is about. */
export interface Wrong {
	what: string;
	profile?: number;
}

export interface Person extends Customer {
	profile: number;
}

/** A play kills and cuts a handful of times, and each time n8n's processes and steps may say what is the matter. */
const MOST_SAID = 50;

export type Check = (ledger: Ledger, played: Played, people: Person[]) => Wrong[];

/** Compares what the store and the mail server hold with what was played. @returns nothing when all is well */
export function check(ledger: Ledger, played: Played): Wrong[] {
	const profiles = new Map(ledger.profiles.map(({ user, id }) => [user, id]));
	const people = played.schedule.people.map((one): Person => ({ ...one, profile: profiles.get(one.user) ?? -1 }));
	const run = (of: Ledger, ...checks: Check[]) => checks.flatMap((one) => one(of, played, people));
	return [
		...[...new Set(played.seen)].map((what) => ({ what })),
		...(played.stuck === undefined ? [] : [{ what: `the play was given up: ${played.stuck.split('\n')[0]}` }]),
		...run(ledger, storedOnce, nothingLeft, mailedOnce, inDoubt, converted, saidRarely),
		...run(inJourney(ledger, TORTURED), decidedOnce, steppedOnce, waitedAsLong, endedAsPlayed, remindedAsPlayed, triedAgain),
		...run(inJourney(ledger, IN_TURN), inTheirTurn, steppedOnce, waitedAsLong, triedAgain),
	];
}

const storedOnce: Check = ({ events }, { acknowledged, schedule }) => {
	const stored = Map.groupBy(events, ({ message_id }) => message_id);
	return schedule.events.flatMap(({ messageId }): Wrong[] => {
		const times = stored.get(messageId)?.length ?? 0;
		if (times > 1) return [{ what: `event ${messageId} is stored ${times} times`, profile: stored.get(messageId)![0]!.profile_id }];
		return times === 0 && acknowledged.has(messageId) ? [{ what: `event ${messageId} was acknowledged and is not stored` }] : [];
	});
};

/** Every cart lets somebody in or is refused; nobody comes in more often than allowed. */
const decidedOnce: Check = ({ events, journal, refused, enrolments }, _played, people) => people.flatMap(({ user, profile, plot }) => {
	const wrong: Wrong[] = [];
	const of = <T extends { profile_id: number }>(rows: T[]) => rows.filter(({ profile_id }) => profile_id === profile);
	const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
	const carts = of(events).filter(({ name }) => name === 'cart').length;
	const entered = of(journal).filter(({ kind }) => kind === 'entered');
	const turnedAway = sum(of(refused).map(({ times }) => times));
	// Of several that start again in one batch only the newest begins; the others count.
	const atOnce = sum(of(refused).filter(({ reason }) => reason === 'restarted_at_once').map(({ times }) => times));
	const counted = sum(of(enrolments).map(({ entries }) => entries));
	if (entered.length + turnedAway !== carts) wrong.push({ what: `${user}: ${carts} carts, ${entered.length} entries and ${turnedAway} refusals`, profile });
	if (entered.length + atOnce !== FATES[plot].entries) wrong.push({ what: `${user} entered ${entered.length} times, and ${atOnce} times at once again: not ${FATES[plot].entries}`, profile });
	if (new Set(entered.map(({ detail }) => detail?.event_id)).size < entered.length) wrong.push({ what: `${user} entered twice by one event`, profile });
	if (counted !== entered.length + atOnce) wrong.push({ what: `${user} entered ${entered.length} times and ${counted} are counted`, profile });
	return wrong;
});

const nothingLeft: Check = ({ left, deliveries }) => [
	...left.map((one) => ({ what: `left behind: ${JSON.stringify(one)}`, profile: (one.profile_id as number | null) ?? undefined })),
	...deliveries.filter(({ status }) => status === 'claimed').map(({ key, profile_id }) => ({ what: `message ${key} is still claimed`, profile: profile_id })),
];

/** No wait begins twice, and none ends twice on the same try. */
const steppedOnce: Check = ({ journal }) => {
	const once = (kind: string, name: (one: Ledger['journal'][number]) => string) =>
		[...Map.groupBy(journal.filter((one) => one.kind === kind), name)].filter(([, rows]) => rows.length > 1)
			.map(([which, rows]) => ({ what: `${kind} ${rows.length} times: ${which}`, profile: rows[0]!.profile_id }));
	return [
		...once('parked', ({ instance_id, step }) => `instance ${instance_id} at ${step}`),
		...once('woken', ({ instance_id, step, detail }) => `instance ${instance_id} at ${step}, try ${Number(detail?.attempt ?? 0)}`),
		...once('done', ({ instance_id }) => `instance ${instance_id}`),
		...once('entered', ({ instance_id }) => `instance ${instance_id}`),
	];
};

const endedAsPlayed: Check = ({ journal, finished }, _played, people) => people.flatMap(({ user, profile, plot }) => {
	const { waits, converts } = FATES[plot];
	const mine = journal.filter(({ profile_id }) => profile_id === profile);
	return mine.filter(({ kind }) => kind === 'entered').flatMap(({ instance_id }) => {
		const story = mine.filter((one) => one.instance_id === instance_id);
		const [end, ...more] = finished.filter(({ id }) => id === instance_id);
		if (!end) return [{ what: `${user} has not finished`, profile }];
		if (more.length > 0) return [{ what: `${user} has finished twice`, profile }];
		const conversion = story.find(({ kind }) => kind === 'converted');
		const left = conversion?.reason === 'leaves';
		const again = plot === 'comes back' && end.reason === 'restarted' && mine.some(({ kind, instance_id: other }) => kind === 'entered' && other! > instance_id!);
		const wanted = left ? 'done converted' : again ? 'done restarted' : 'done completed';
		const parked = story.filter(({ kind }) => kind === 'parked').map(({ step }) => step).join(', ');
		const wrong: Wrong[] = [];
		if (`${end.status} ${end.reason}` !== wanted) wrong.push({ what: `${user} ended ${end.status} ${end.reason} (${end.error}), not ${wanted}`, profile });
		if ((conversion === undefined) !== (converts === 'no') || (converts === 'yes' && !left)) wrong.push({ what: `${user}, who ${plot}, ${conversion ? `converted (${conversion.reason})` : 'did not convert'}`, profile });
		if (left || again ? !waits.join(', ').startsWith(parked) : waits.join(', ') !== parked) wrong.push({ what: `${user}, who ${plot}, waited at ${parked}`, profile });
		if (story.some(({ kind, step, reason }) => kind === 'woken' && step === 'Click' && reason !== 'event')) wrong.push({ what: `${user}'s click was not seen`, profile });
		return wrong;
	});
});

/** The text of a mail is its key: no key arrives twice, at somebody else's, or without a delivery; what is sent has arrived. */
const mailedOnce: Check = ({ deliveries }, { mails }, people) => {
	const arrived = Map.groupBy(mails, ({ text }) => text);
	const known = new Map(deliveries.map((one) => [one.key, one]));
	const emailOf = new Map(people.map(({ profile, email }) => [profile, email]));
	return [
		...[...arrived].flatMap(([key, copies]): Wrong[] => {
			const delivery = known.get(key);
			const [mail] = copies;
			if (!delivery) return [{ what: `a mail "${mail!.subject}" to ${mail!.to.join()} belongs to no message` }];
			const wrong: Wrong[] = [];
			if (copies.length > 1) wrong.push({ what: `DOUBLED: "${mail!.subject}" to ${mail!.to.join()} ${copies.length} times, at ${copies.map(({ at }) => at.toISOString()).join(', ')}`, profile: delivery.profile_id });
			const subject = delivery.step === 'Check' ? REMINDER : THANKS;
			if (mail!.subject !== subject || mail!.to.join() !== emailOf.get(delivery.profile_id)) wrong.push({ what: `the mail of message ${key} went to ${mail!.to.join()} as "${mail!.subject}"`, profile: delivery.profile_id });
			return wrong;
		}),
		...deliveries.filter(({ key, status }) => status === 'sent' && !arrived.has(key)).map(({ key, profile_id }) => ({ what: `message ${key} is sent and never arrived`, profile: profile_id })),
		...deliveries.filter(({ key, status }) => status === 'failed' && arrived.has(key)).map(({ key, profile_id }) => ({ what: `message ${key} failed and arrived`, profile: profile_id })),
	];
};

const remindedAsPlayed: Check = ({ deliveries, finished }, _played, people) => people.flatMap(({ user, profile, plot }) => {
	const { reminder } = FATES[plot];
	const allowed = { sent: ['sent', 'unknown'], bounces: ['failed', 'unknown'], none: ['none'], perhaps: ['none', 'sent', 'unknown'] }[reminder];
	return finished.filter(({ profile_id }) => profile_id === profile).flatMap(({ id, reason }) => {
		const at = (step: string) => deliveries.filter(({ instance_id, ...one }) => instance_id === id && one.step === step).map(({ status }) => status).join(' and ') || 'none';
		if (reason === 'restarted') return [];
		const thanks = reason === 'converted' ? ['sent', 'unknown'] : ['none'];
		return [
			...(allowed.includes(at('Check')) ? [] : [{ what: `${user}, who ${plot}: the reminder is ${at('Check')}`, profile }]),
			...(thanks.includes(at('Check thanks')) ? [] : [{ what: `${user}, who ${plot} and ended ${reason}: the thanks are ${at('Check thanks')}`, profile }]),
		];
	});
});

/** Unknown is what a crash has cut off, and what a deadly one has cut off is unknown. */
const inDoubt: Check = ({ deliveries }, { cuts }) => deliveries.flatMap(({ key, status, profile_id, claimed_at, settled_at }): Wrong[] => {
	if (settled_at === null) return [];
	const during = cuts.filter(({ sending, from, to }) => sending !== 'goes on' && claimed_at <= to && settled_at >= from);
	const dead = during.find(({ sending, from, to }) => sending === 'dies' && claimed_at < from && settled_at > to);
	if (status === 'unknown' && during.length === 0) return [{ what: `message ${key} is unknown and nothing has cut it off (${claimed_at.toISOString()} to ${settled_at.toISOString()})`, profile: profile_id }];
	if (status !== 'unknown' && dead) return [{ what: `message ${key} is ${status}, though ${dead.kind} at ${dead.from.toISOString()} has cut it off`, profile: profile_id }];
	return [];
});

/** A lease ends, and an execution fails, only where something was cut off since the try began. */
const triedAgain: Check = ({ journal }, { cuts }) => journal.flatMap((one, position): Wrong[] => {
	if (one.kind !== 'retry') return [];
	const began = journal.slice(0, position).findLast(({ instance_id, kind }) => instance_id === one.instance_id && (kind === 'woken' || kind === 'entered' || kind === 'retry'));
	if (cuts.some(({ from, to }) => from <= one.at && (!began || to >= began.at))) return [];
	return [{ what: `instance ${one.instance_id} was tried again at ${one.step} (${one.reason}) and nothing had cut it off`, profile: one.profile_id }];
});

const converted: Check = ({ conversions, events }, _played, people) => people.flatMap(({ user, profile }) => {
	const mine = conversions.filter(({ profile_id }) => profile_id === profile);
	const orders = events.filter((one) => one.profile_id === profile && one.name === 'order').length;
	return mine.length === orders && mine.every(({ value }) => value === 10) ? [] : [{ what: `${user} ordered ${orders} times; on record: ${JSON.stringify(mine)}`, profile }];
});

/** What is away is said as often as it goes, and not as often as it is tried. */
const saidRarely: Check = (_ledger, { said }) => {
	const lines = Map.groupBy(said.split('\n'), (line) => line.trim());
	return [...lines].filter(([, all]) => all.length > MOST_SAID).map(([line, all]) => ({ what: `n8n printed ${all.length} times: ${line}` }));
};
