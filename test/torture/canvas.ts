import { baseNode, journeyNode, wires } from '../support/canvas';
import { delayState } from '../support/journeys';

export const TORTURED = 'Tortured';
export const IN_TURN = 'In turn';
/** Whoever is inside starts again, which counts as well. */
export const MOST_ENTRIES = 2;
/** How many are let into the other journey at once; fewer than ever come. */
export const MOST_INSIDE = 25;
export const REMINDER = 'Your cart';
export const THANKS = 'Your order';
const PER_BATCH = 15;

/** Looks back to the entry: however early the click comes, it counts. */
const click = (version: number) => journeyNode('Click', 'journeyState', {
	waitFor: 'events', events: { branch: [{ event: 'click', output: 'clicked' }] }, lookBack: 'entry',
	limitUntil: 'delay', limitDelayAmount: 100 + version, limitDelayUnit: 'minutes',
});

/**
 * The journey that is played. A cart lets in, a look-up (which may be slow) and two short waits follow; who `waits` also
 * waits for a click. Then a reminder. An order takes out at any time, with a mail of thanks.
 *
 * @param version each changes every trigger's parameters, so that n8n closes and opens all of them
 */
export function journey(version: number, { smtp, lookUp }: { smtp: string; lookUp: string }) {
	const mail = (name: string, subject: string) => baseNode(name, 'emailSend', 2.1, {
		fromEmail: 'shop@example.com', toEmail: '={{ $json.profile.email }}', subject, emailFormat: 'text',
		text: '={{ $json.idempotencyKey }}', options: { appendAttribution: false },
	}, { onError: 'continueRegularOutput', credentials: { smtp: { id: smtp, name: 'SMTP' } } });
	return {
		name: TORTURED,
		settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
		nodes: [
			journeyNode('Entry', 'journeyEntryTrigger', {
				event: 'cart', reentry: 'cap', capTimes: MOST_ENTRIES, capAmount: 30, capUnit: 'days', whileInside: 'restart',
				values: { value: [{ name: `total_${version}`, path: 'total' }] },
			}),
			baseNode('Look up', 'httpRequest', 4.2, { url: lookUp, options: {} }),
			delayState('Pause', 1 + (version % 2), 'seconds'),
			baseNode('Waits', 'if', 2.2, {
				conditions: {
					options: { caseSensitive: true, typeValidation: 'strict', version: 2 }, combinator: 'and',
					conditions: [{ id: '1', leftValue: '={{ $json.profile.attributes.waits }}', rightValue: '', operator: { type: 'boolean', operation: 'true', singleValue: true } }],
				},
			}),
			click(version),
			journeyNode('Check', 'journeyAction', { operation: 'check', options: { limit: PER_BATCH } }),
			mail('Remind', REMINDER),
			delayState('Rest', 1, 'seconds'),
			baseNode('End', 'noOp', 1),
			journeyNode('Goal', 'journeyConversionGoal', { event: 'order', options: { value: 'revenue', currency: `currency_${version}` } }),
			journeyNode('Check thanks', 'journeyAction', { operation: 'check', class: 'transactional', options: { limit: PER_BATCH } }),
			mail('Thank', THANKS),
		],
		connections: wires(
			'Entry > Look up', 'Look up > Pause', 'Pause:0 > Waits', 'Waits:0 > Click', 'Waits:1 > Check', 'Click:0 > Check', 'Click:1 > Check',
			'Check:0 > Remind', 'Check:1 > Rest', 'Remind > Rest', 'Rest:0 > End',
			'Goal:1 > Check thanks', 'Check thanks:0 > Thank', 'Check thanks:1 > End', 'Thank > End',
		),
	};
}

/** The same carts let into another journey, with a lock and a capacity: each once, in their turn. @param version as above */
export const journeyInTurn = (version: number) => ({
	name: IN_TURN,
	settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
	nodes: [
		journeyNode('Entry in turn', 'journeyEntryTrigger', {
			event: 'cart', reentry: 'lock', lockAmount: 1, lockUnit: 'days', values: { value: [{ name: `total_${version}`, path: 'total' }] },
			options: { capacity: { limits: { inside: MOST_INSIDE, overflow: 'delay' } } },
		}),
		delayState('Turn', 1, 'seconds'),
		baseNode('End', 'noOp', 1),
	],
	connections: wires('Entry in turn > Turn', 'Turn:0 > End'),
});

/** On n8n's webhook and on a port of its own. @param version as above: publishing it anew closes the port and opens it again */
export const collector = (version: number, { writeKey, port }: { writeKey: string; port: number }) => ({
	name: 'Collector',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [{
		...journeyNode('Collector', 'journeyEventCollectorTrigger', { path: 'journey', ownPort: true, port, limits: { latenessDays: 7 + version } }, {
			webhookId: 'collector', credentials: { journeyWriteKey: { id: writeKey, name: 'Shop' } },
		}),
		typeVersion: 2,
	}],
	connections: {},
});
