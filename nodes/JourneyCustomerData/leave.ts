import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { endInJourney, findCustomers, kindName, readText, type Identity } from '../../lib/index';
import { journeyEngine } from '../shared/engine';
import { inBatches, type Outcome } from './batch';
import type { Panel } from './panel';
import { finder } from './person';

interface Asked {
	identity: Identity;
	journey: string;
	reason: string;
}

/** Takes customers out of journeys; each item says how many of their instances have ended. */
export async function leaveItems(context: IExecuteFunctions, panel: Panel, stores: boolean): Promise<INodeExecutionData[]> {
	const read = (item: number): Asked => ({
		identity: finder(panel, item),
		journey: readText(panel<unknown>('journey', item, ''), 'Journey Key'),
		reason: readText(panel<unknown>('reason', item, 'left'), 'Reason'),
	});
	return await inBatches(context, read, async (asked) => {
		if (!stores) return asked.map(({ identity, journey, reason }) => [{ test: true, identities: [identity], left: { journey, reason } }]);
		const engine = await journeyEngine(context);
		const customers = await findCustomers(engine, asked.map(({ identity }) => identity));
		const outcomes = asked.map(({ identity: { kind, value } }): Outcome => ({ problem: `no customer has the ${kindName(kind)} "${value}": check the value` }));
		// One transaction for all who leave the same journey for the same reason.
		const alike = new Map<string, number[]>();
		asked.forEach(({ journey, reason }, at) => {
			const key = JSON.stringify([journey, reason]);
			if (customers[at]) alike.set(key, [...(alike.get(key) ?? []), at]);
		});
		for (const places of alike.values()) {
			const { journey, reason } = asked[places[0]!]!;
			const profiles = places.map((at) => customers[at]!.profile);
			const answer = await endInJourney(engine, journey, profiles.map(({ id }) => id), reason);
			places.forEach((at, one) => (outcomes[at] = 'problem' in answer ? answer : [{ profile: profiles[one]!, left: { journey, reason, instances: answer.ended[one]! } }]));
		}
		return outcomes;
	});
}
