import type { IExecuteFunctions, INodeExecutionData, INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { guardCanvas } from '../shared/canvas';
import { stepConsentChoices } from '../shared/consentChoices';
import { executingEngine } from '../shared/execution';
import { raw } from '../shared/parameters';
import { isTest } from '../shared/place';
import { suggestions } from '../shared/suggestions';
import { subscribe } from '../shared/trigger';
import { change } from './change';
import { check, peoplePerBatch, readRules } from './check';
import { description } from './description';
import { testChange, testCheck } from './test';
import { unknown } from './unknown';

/** What a journey does to a customer, or decides before n8n's own nodes do it. */
export class JourneyAction implements INodeType {
	description = description;

	methods = { ...suggestions, loadOptions: { stepConsentChoices } };

	/** Only *Check before sending* holds people: those for whom the batch has no place yet. */
	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		if (raw<string>(this, 'operation', 'check') !== 'check') return {};
		readRules(this);
		return await subscribe(this, { kind: 'action', limit: peoplePerBatch(this) });
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const operation = raw<string>(this, 'operation', 'check');
		if (isTest(this) && operation !== 'unknown') return operation === 'check' ? testCheck(this) : testChange(this, operation);
		const engine = await executingEngine(this);
		if (operation === 'unknown') return await unknown(this, engine);
		await guardCanvas(this, engine);
		return operation === 'check' ? await check(this, engine) : await change(this, engine, operation);
	}
}
