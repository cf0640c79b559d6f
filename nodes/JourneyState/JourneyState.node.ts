import type { IExecuteFunctions, INodeExecutionData, INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { batchSize, leave, loadArrivals, type Running } from '../../lib/index';
import { arriving } from '../shared/arriving';
import { guardCanvas } from '../shared/canvas';
import { journeyEngine } from '../shared/engine';
import { itemOf, resume, tokenOf } from '../shared/execution';
import { isResumed, isTest, placeOf } from '../shared/place';
import { subscribe } from '../shared/trigger';
import { description } from './description';
import { stateOutputs } from './outputs';
import { parkArrivals } from './park';
import { testState } from './test';
import { readWait } from './wait';
import { listOutputs, waitInWords } from './words';

/** Holds people until something happens: what arrives is parked, what wakes is routed. */
export class JourneyState implements INodeType {
	description = description;

	methods = { loadOptions: { listOutputs }, resourceMapping: { waitInWords } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		readWait(this);
		return await subscribe(this, { kind: 'state', limit: batchSize(0, Infinity) });
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		if (isTest(this)) return testState(this);
		const outputs = stateOutputs(this.getNode().parameters as never);
		const routed: INodeExecutionData[][] = outputs.map(() => []);
		const engine = await journeyEngine(this);
		await guardCanvas(this, engine);
		if (isResumed(this)) {
			const token = tokenOf(this.getInputData());
			for (const one of await resume(this, engine)) {
				routed[outputIndex(one, outputs.map((output) => output.displayName))]!.push(itemOf(this, token, one, 0));
			}
			return routed;
		}
		const { claim, people, now } = await arriving(this, engine, loadArrivals);
		if (people.length === 0) return routed;
		const step = await engine.step(placeOf(this, 'state'));
		const leaving = await parkArrivals(this, engine, claim, step.id, people, now);
		if (leaving.length > 0) await leave(engine, claim, leaving, 'date_past');
		return routed;
	}
}

/** A branch keeps its people through a rename (its position) and a move (its name). */
function outputIndex({ wake, output }: Running, names: string[]): number {
	if (wake !== 'event' || output === null) return 0;
	const [position, name] = [Number(output.slice(0, output.indexOf(':'))), output.slice(output.indexOf(':') + 1)];
	const byName = names.indexOf(name, 1);
	return byName > 0 ? byName : position < names.length ? position : 0;
}
