import { kindName } from '../core/customerData';
import type { Identity } from '../core/types';
import { tellAct } from '../store/acts';
import { profilesAt } from '../store/customers';
import { lockRegistry } from '../store/locks';
import { convertByLookBack, leaveByConversions } from '../store/goals';
import { failedAfter, moveWaiting, reviveFailed, stateNames, stepsNamed } from '../store/operate';
import { addToPace, holdPace } from '../store/paces';
import { StoreError, type Connection } from '../store/types';
import type { Engine } from './engine';
import { journeyAt } from './journeys';
import { lockAndLook } from './lockAndLook';
import { endInJourney } from './otherJourneys';

/** Whom an operator means: one customer, or everybody whom it applies to. */
export type Whom = Identity | 'everybody';
type Operated = Pick<Engine, 'store' | 'announce'>;

/**
 * Sends people on who were given up in a journey. Goals and exit criteria that they have reached meanwhile take them out,
 * as at an admission.
 *
 * @returns how many
 * @throws StoreError when there is no such journey or customer
 */
export async function sendFailedOn(engine: Operated, key: string, whom: Whom, who: string): Promise<number> {
	const { journey, profiles } = await engine.store.tx(async (db) => await found(db, key, whom));
	let [revived, after] = [0, 0];
	for (;;) {
		const page = await engine.store.tx(async (db) => {
			await lockRegistry(db, 'match');
			const find = async () => await failedAfter(db, journey, profiles, after);
			const failed = await lockAndLook(db, 'match', await find(), (people) => people.map(({ profile_id }) => profile_id), find);
			if (failed.length === 0) return undefined;
			// They are inside again, whatever the capacity: who is let in next has to know.
			await holdPace(db, journey);
			const back = await reviveFailed(db, failed.map(({ id }) => id));
			const [whose, ids] = [back.map(({ profile_id }) => profile_id), back.map(({ id }) => id)];
			await leaveByConversions(db, whose, ids);
			await convertByLookBack(db, whose, ids);
			if (back.length > 0) await addToPace(db, journey, 0, back.length);
			return { last: failed.at(-1)!.id, revived: back.length };
		});
		if (!page) break;
		[revived, after] = [revived + page.revived, page.last];
	}
	await engine.store.tx(async (db) => await tellAct(db, 'send_on', who, journey, { revived, ...(profiles && { profile: profiles[0] }) }));
	if (revived > 0) engine.announce();
	return revived;
}

/**
 * Moves people to a State, where they arrive as if they had come to it now.
 *
 * @param from the name of the State they are at; absent: wherever they wait
 * @returns how many; who is under way is not among them
 * @throws StoreError when there is no such journey, State or customer
 */
export async function movePeople(engine: Operated, key: string, whom: Whom, from: string | undefined, to: string, who: string): Promise<number> {
	const { journey, profiles, target, sources } = await engine.store.tx(async (db) => {
		const { journey, profiles } = await found(db, key, whom);
		const [target] = await stepsNamed(db, journey, to);
		if (target?.kind !== 'state' || !target.on) throw new StoreError(`To State: "${to}" is no State of journey "${key}" that is published. ${await choices(db, journey)}`);
		const sources = from === undefined ? undefined : await stepsNamed(db, journey, from);
		if (sources?.length === 0) throw new StoreError(`From Step: "${from}" is no step of journey "${key}". ${await choices(db, journey)}`);
		return { journey, profiles, target: target.id, sources: sources?.map(({ id }) => id) ?? null };
	});
	let [moved, after] = [0, 0];
	for (;;) {
		const page = await engine.store.tx(async (db) => await moveWaiting(db, journey, sources, profiles, target, after));
		if (page.last === null) break;
		[moved, after] = [moved + page.moved, page.last];
	}
	await engine.store.tx(async (db) => await tellAct(db, 'move', who, journey, { moved, to, ...(from !== undefined && { from }), ...(profiles && { profile: profiles[0] }) }));
	if (moved > 0) engine.announce();
	return moved;
}

/** Ends what one customer is doing in a journey. @returns how many instances @throws StoreError when there is no such journey or customer */
export async function exitCustomer(engine: Operated, key: string, identity: Identity, reason: string, who: string): Promise<number> {
	const { journey, profiles } = await engine.store.tx(async (db) => await found(db, key, identity));
	const answer = await endInJourney(engine, key, profiles!, reason);
	if ('problem' in answer) throw new StoreError(answer.problem);
	await engine.store.tx(async (db) => await tellAct(db, 'exit', who, journey, { ended: answer.ended[0]!, profile: profiles![0], reason }));
	return answer.ended[0]!;
}

async function found(db: Connection, key: string, whom: Whom): Promise<{ journey: number; profiles: number[] | null }> {
	const journey = await journeyAt(db, key);
	if (whom === 'everybody') return { journey, profiles: null };
	const [profile] = await profilesAt(db, [whom]);
	if (profile === undefined) throw new StoreError(`Customer: nobody has this ${kindName(whom.kind)}. Check the value.`);
	return { journey, profiles: [profile] };
}

async function choices(db: Connection, journey: number): Promise<string> {
	const names = await stateNames(db, journey);
	return names.length > 0 ? `Its States: ${names.join(', ')}.` : 'It has no States.';
}
