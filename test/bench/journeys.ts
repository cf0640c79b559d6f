import { assign, baseNode, journeyNode, wires } from '../support/canvas';

/** Everybody goes round: wait for a tick, two of n8n's own nodes, wait again. */
export const roundsJourney = {
	name: 'Rounds',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'enter' }),
		journeyNode('Wait', 'journeyState', { waitFor: 'events', events: { branch: [{ event: 'tick', output: 'tick' }] }, limitUntil: 'never' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		baseNode('Nothing', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait:1 > Set', 'Set > Nothing', 'Nothing > Wait'),
};
