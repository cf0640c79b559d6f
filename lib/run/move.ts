import { readFrame, readRows, storeVersion } from '../store/archive';
import { currentPause, endPause, startPause } from '../store/pause';
import { StoreError, type Store } from '../store/types';
import type { Counts } from './backup';
import { fill } from './restore';

/**
 * Moves everybody who waits from one store into another, which must be empty. Who was under way stays so until their
 * lease ends, as after any other stop of n8n.
 *
 * The old store is paused first, for good: an n8n that is started with it by mistake would send everything a second
 * time. When the move fails, it goes on as before.
 *
 * @param from in the hands of this process; n8n is stopped
 * @param to opened as it was found (`upTo: 0`)
 * @returns rows of each table, which both stores have
 */
export async function move(from: Store, to: Store, schema: string): Promise<Counts> {
	const paused = await from.tx(currentPause);
	if (paused) {
		const why = paused.reason === 'moved'
			? `its people were moved to ${paused.moved_to} at ${paused.since.toISOString()}. If that was cut off, and nobody is there, "resume --not-moved", then move again.`
			: 'it was restored from a backup: "resume" first.';
		throw new StoreError(`Journey Store: ${from.name} is paused: ${why}`);
	}
	await from.tx(async (db) => await startPause(db, 'moved', { movedTo: to.name }));
	try {
		return await from.snapshot(async (source) =>
			await to.tx(async (target) => {
				if ((await storeVersion(target)) > 0) throw new StoreError(`Journey Store: there is a store in ${to.name} already. Name another schema.`);
				const counts = await fill(target, schema, await readFrame(source), readRows(source));
				await endPause(target, 'moved', 'go_on');
				return counts;
			}),
		);
	} catch (error) {
		await from.tx(async (db) => await endPause(db, 'moved', 'go_on'));
		throw error;
	}
}
