import { baseNode, journeyNode, wires } from './canvas';
import { delayState, eventState } from './journeys';

/** The journey of the people in `test/fixtures/schema-*.jsonl`. */
export const PEOPLE_WAITING = {
	name: 'Waiting',
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', values: { value: [{ name: 'total', path: 'total' }] } }),
		eventState('Wait', [{ event: 'go', output: 'gone' }], [1, 'days']),
		journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional' }),
		baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: 'Your cart', text: 'Still there' }, { onError: 'continueRegularOutput' }),
		delayState('Two days', 2, 'days'),
		baseNode('End', 'noOp', 1),
		baseNode('Skip', 'noOp', 1),
		journeyNode('Order', 'journeyConversionGoal', { event: 'order' }),
	],
	connections: wires('Entry > Wait', 'Wait:0 > Check', 'Wait:1 > Check', 'Check:0 > Mail', 'Check:1 > Skip', 'Mail > Two days', 'Two days > End'),
};
