import type { IExecuteFunctions, INodeExecutionData, INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { admit, batchSize } from '../../lib/index';
import { conditionOfEntry } from '../shared/audience';
import { guardCanvas, recordedCanvas } from '../shared/canvas';
import { consentChoices } from '../shared/consentChoices';
import { acknowledgedAtEnd, executingEngine, itemOf, resume, tokenOf } from '../shared/execution';
import { claimOf, isTest, placeOf } from '../shared/place';
import { suggestions } from '../shared/suggestions';
import { subscribe } from '../shared/trigger';
import { description } from './description';
import { readEntry } from './entry';
import { leaveRemovedSteps } from './removed';
import { sampleItem } from './sample';
import { scheduleInWords } from './schedule';
import { segmentInNumbers } from './segment';
import { testStore } from './testStore';

/** Lets people in: candidates become instances here, where the published canvas is known. */
export class JourneyEntryTrigger implements INodeType {
	description = description;

	methods = { ...suggestions, loadOptions: { consentChoices }, credentialTest: { testStore }, resourceMapping: { scheduleInWords, segmentInNumbers } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const { key, rules, conditions, config, schedule, segment } = readEntry(this);
		const name = this.getWorkflow().name ?? key;
		return await subscribe(this, {
			kind: 'entry',
			...(!isTest(this) && { canvas: recordedCanvas(this) }),
			journey: { key, name, rules },
			listens: { conditions, config, schedule, segment },
			limit: batchSize(0, Infinity),
		});
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		if (isTest(this)) return [[await sampleItem(this)]];
		const items = this.getInputData();
		const { rules } = readEntry(this);
		const engine = await executingEngine(this);
		await guardCanvas(this, engine);
		if ('removed' in (items[0]!.json.journey as object)) return await leaveRemovedSteps(this, engine);
		const step = await engine.step(placeOf(this, 'entry'));
		const token = tokenOf(items);
		const claim = claimOf(this, token);
		const admitting = 'candidate' in (items[0]!.json.journey as object);
		const people = admitting
			? await acknowledgedAtEnd(this, engine, claim, async () => await admit(engine, claim, step, rules, conditionOfEntry(this)))
			: await resume(this, engine);
		return [people.map((one) => itemOf(this, token, one, 0))];
	}
}
