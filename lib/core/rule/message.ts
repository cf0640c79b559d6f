import { consentName } from '../consent';
import type { Rule } from '../types';
import { RuleError } from './error';
import { checkName, type RuleWriter } from './writer';

const KINDS = ['sent', 'delivered', 'opened', 'clicked'];
const MOST_MESSAGES = 1_000;

/** What became of the messages that a person was sent, newest first. */
export function message(write: RuleWriter, rule: Extract<Rule, { kind: 'message' }>): string {
	const { did, count, times, ofLast, channel, journey, within } = rule;
	if (!KINDS.includes(did)) throw new RuleError(`A message was ${KINDS.join(', ')}, found ${JSON.stringify(did)}.`);
	if (count !== 'atLeast' && count !== 'atMost') throw new RuleError(`Messages are counted at least or at most, found ${JSON.stringify(count)}.`);
	whole(times, count === 'atLeast' ? 1 : 0, 'Messages');
	if (ofLast !== undefined) {
		whole(ofLast, 1, 'The number of last messages');
		if (count === 'atLeast' && times > ofLast) throw new RuleError(`At least ${times} of the last ${ofLast} messages can never be. Ask for at most ${ofLast}, or look at more messages.`);
	}
	const asked = ['d.profile_id = p.id', "d.status = 'sent'"];
	if (channel !== undefined) asked.push(`d.channel = ${write.name(consentName(checkName(channel, 'channel')), 'channel')}`);
	if (journey === 'this') {
		write.needsInstance('A message', 'of this journey');
		asked.push('d.journey_id = i.journey_id');
	}
	asked.push(...write.since(within, { at: 'd.claimed_at' }, 'a message'));
	const limit = ofLast === undefined ? '' : ` ORDER BY d.claimed_at DESC, d.id DESC LIMIT ${ofLast}`;
	const messages = `(SELECT d.id FROM deliveries d WHERE ${asked.join(' AND ')}${limit}) AS m`;
	const happened = did === 'sent' ? '' : ` WHERE ${write.has(`FROM engagements g WHERE g.delivery_id = m.id AND g.kind = '${did}'`)}`;
	return `(SELECT count(*) FROM ${messages}${happened}) ${count === 'atLeast' ? '>=' : '<='} ${times}`;
}

function whole(found: number, from: number, what: string): void {
	if (Number.isInteger(found) && found >= from && found <= MOST_MESSAGES) return;
	throw new RuleError(`${what} cannot be ${JSON.stringify(found)}. Enter a whole number from ${from} to ${MOST_MESSAGES}.`);
}
