import { skipReason, type SendRules } from '../core/sending';
import { claimDeliveries, type Delivery } from '../store/deliveries';
import { readSettings } from '../store/settings';
import type { Running } from '../store/running';
import { loadRecipients, tellSkipped, type Skipped } from '../store/sending';
import type { Engine } from './engine';
import type { Claim } from './executions';

export interface Checked {
	/** Delivery of each instance that may be sent to now; claimed. */
	send: Map<number, { id: number; key: string }>;
	skipped: Map<number, Skipped>;
	/** All sending is paused: nobody was checked, and they are to wait at this step. */
	held: boolean;
}

/**
 * Checks a batch before it is sent, and claims a delivery for each person who passes: one row per (instance, step,
 * visit), before the send. Whatever happens afterwards, that row says that it may have been sent.
 */
export async function checkBeforeSending(engine: Engine, claim: Claim, step: number, rules: SendRules, people: Running[]): Promise<Checked> {
	return await engine.store.tx(async (db) => {
		const { unknownConsent, sendingPaused } = await readSettings(db);
		if (sendingPaused) {
			await tellSkipped(db, step, people.map(({ id }) => ({ id, reason: 'sending_paused', detail: {} })), 'held');
			return { send: new Map(), skipped: new Map(), held: true };
		}
		const known = new Map((await loadRecipients(db, rules, people.map(({ id }) => id))).map((one) => [one.id, one]));
		const skipped: Skipped[] = [];
		const passing = people.filter((one) => {
			const recipient = known.get(one.id);
			if (!recipient) return false;
			const skip = skipReason(rules, { ...recipient, profile: one.profile }, unknownConsent);
			if (skip) skipped.push({ id: one.id, ...skip });
			return !skip;
		});
		const wish = { channel: rules.channel, class: rules.class, againIfUnknown: rules.ifUnknown === 'again' };
		const deliveries = passing.length === 0 ? [] : await claimDeliveries(db, claim, step, wish, passing.map(({ id }) => id));
		for (const delivery of deliveries) if (!delivery.ours) skipped.push(duplicate(delivery));
		if (skipped.length > 0) await tellSkipped(db, step, skipped);
		return {
			send: new Map(deliveries.filter(({ ours }) => ours).map(({ instance_id, id, key }) => [instance_id, { id, key }])),
			skipped: new Map(skipped.map((one) => [one.id, one])),
			held: false,
		};
	});
}

/** The wish was claimed before, by an attempt that went wrong later: never twice. */
function duplicate({ instance_id, id, status }: Delivery): Skipped {
	return { id: instance_id, reason: `already_${status}`, detail: { delivery: id } };
}
