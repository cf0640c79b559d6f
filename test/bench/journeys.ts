import { assign, baseNode, journeyNode, wires } from '../support/canvas';

/** Everybody goes round: wait for a tick, two of n8n's own nodes, wait for the next at another State, and back. */
export const roundsJourney = {
	name: 'Rounds',
	settings: { saveDataSuccessExecution: 'none' },
	nodes: [
		journeyNode('Entry', 'journeyEntryTrigger', { event: 'enter' }),
		journeyNode('Wait', 'journeyState', { waitFor: 'events', events: { branch: [{ event: 'tick', output: 'tick' }] }, limitUntil: 'never' }),
		baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })),
		baseNode('Nothing', 'noOp', 1),
		journeyNode('Wait Again', 'journeyState', { waitFor: 'events', events: { branch: [{ event: 'tick', output: 'tick' }] }, limitUntil: 'never' }),
		baseNode('Set Again', 'set', 3.4, assign({ seen: 'twice' })),
		baseNode('Nothing Again', 'noOp', 1),
	],
	connections: wires('Entry > Wait', 'Wait:1 > Set', 'Set > Nothing', 'Nothing > Wait Again', 'Wait Again:1 > Set Again', 'Set Again > Nothing Again', 'Nothing Again > Wait'),
};

/** Takes events in at a port of its own, from whoever has the key, without a limit that a load would meet. @param writeKey id of the credential */
export const ownPortCollector = (port: number, writeKey: string) => ({
	name: 'Collector', connections: {},
	nodes: [journeyNode('Collector', 'journeyEventCollectorTrigger', { ownPort: true, port, limits: { requestsPerMinute: 1_000_000 } }, { typeVersion: 2, credentials: { journeyWriteKey: { id: writeKey, name: 'Key' } } })],
});
