import type { IntakeEntry } from '../../lib/core/types';
import type { Door, Scripted } from './schedule';
import { WRITE_KEY, type Stage } from './stage';

const HTTP_PATIENCE_MS = 8_000;

/** Sends a batch through a door. @param began when the play did @throws unless all of it was acknowledged */
export type Send = (stage: Stage, batch: Scripted[], began: number) => Promise<void>;

export const doors: Record<Door, Send> = {
	store: async ({ rival }, batch, began) => {
		const entries = batch.map(({ user, name, messageId, at }, index): IntakeEntry => ({
			index, identities: [{ kind: 'user_id', value: user }], event: { name, properties: { revenue: 10 } }, occurredAt: new Date(began + at), messageId,
		}));
		const [outcome] = await rival.takeIn('torture', [{ entries, refused: [], keptOf: (entry) => ({ body: JSON.stringify(entry) }) }]);
		if (!outcome!.stored) throw outcome!.error;
		if (outcome!.refused.length > 0) throw new Error(JSON.stringify(outcome!.refused));
	},
	http: async ({ webhooks }, batch, began) => await collected(`${webhooks.url}/webhook/journey`, batch, began),
	port: async ({ port }, batch, began) => await collected(`http://127.0.0.1:${port}`, batch, began),
	stream: async ({ stream }, batch, began) => await stream.write(batch.map((one) => messageOf(one, began))),
};

/** Each event by itself, many at once: what comes in together is committed together. */
export const SINGLY: ReadonlySet<Door> = new Set(['port', 'stream']);

async function collected(url: string, batch: Scripted[], began: number): Promise<void> {
	const answer = await fetch(`${url}/v1/batch`, {
		method: 'POST', signal: AbortSignal.timeout(HTTP_PATIENCE_MS), headers: { authorization: `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}` },
		body: JSON.stringify({ batch: batch.map((one) => messageOf(one, began)) }),
	});
	const words = await answer.text();
	if (answer.status !== 200 || words !== '{"rejected":[]}') throw new Error(`${answer.status} ${words}`);
}

const messageOf = ({ user, name, messageId, at }: Scripted, began: number) => ({
	type: 'track', userId: user, event: name, messageId, timestamp: new Date(began + at).toISOString(), properties: { revenue: 10 },
});
