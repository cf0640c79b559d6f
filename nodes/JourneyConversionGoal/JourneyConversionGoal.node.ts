import type { IExecuteFunctions, INodeExecutionData, INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { batchSize, passGoal } from '../../lib/index';
import { arriving } from '../shared/arriving';
import { guardCanvas } from '../shared/canvas';
import { executingEngine, itemOf, resume, tokenOf } from '../shared/execution';
import { isResumed, isTest, placeOf } from '../shared/place';
import { suggestions } from '../shared/suggestions';
import { subscribe } from '../shared/trigger';
import { description } from './description';
import { readGoal } from './goal';

/** Counts successes from entry on; who converts leaves from here. */
export class JourneyConversionGoal implements INodeType {
	description = description;

	methods = suggestions;

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await subscribe(this, { kind: 'goal', listens: readGoal(this), limit: batchSize(0, Infinity) });
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const isExit = readGoal(this).config.type === 'exit';
		if (isTest(this)) {
			this.addExecutionHints({ message: 'This is a test: nothing was counted, and everybody goes on by "Continue".', location: 'outputPane' });
			return [this.getInputData().map(({ json, binary }, item) => ({ json, binary, pairedItem: { item } }))];
		}
		const engine = await executingEngine(this);
		await guardCanvas(this, engine);
		if (isResumed(this)) {
			const token = tokenOf(this.getInputData());
			const people = await resume(this, engine);
			// An exit criterion ends the journey: nobody leaves by an output.
			if (isExit) return [[]];
			return [[], people.map((one) => itemOf(this, token, one, 0))];
		}
		const { claim, people } = await arriving(this, engine);
		const step = await engine.step(placeOf(this, 'goal'));
		const converted = isExit ? new Set<number>() : await passGoal(engine, claim, step.id, people.map(({ running }) => running.id));
		const items = this.getInputData();
		const routed: INodeExecutionData[][] = isExit ? [[]] : [[], []];
		for (const { running, item } of people) {
			routed[converted.has(running.id) ? 1 : 0]!.push(itemOf(this, claim.token, running, item, items[item]!.json));
		}
		return routed;
	}
}
