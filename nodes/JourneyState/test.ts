import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { fieldError, isExpression, raw } from '../shared/parameters';
import { stateOutputs } from '../shared/stateOutputs';
import { readWait } from './wait';
import { asHtml } from '../shared/html';
import { sentenceOf } from './words';

/** A run in the editor: nobody is parked. Says how long the first item would wait, and lets all go on by the chosen output. */
export function testState(context: IExecuteFunctions): INodeExecutionData[][] {
	const { until } = readWait(context);
	const node = context.getNode();
	const outputs = stateOutputs(node.parameters as never);
	const chosen = raw<number>(context, 'testOutput', 0);
	if (!outputs[chosen]) throw fieldError(node, 'Output When Testing', 'the chosen output is not there any more. Choose another.');
	const items = context.getInputData();
	const zone = (items[0]?.json.profile as { zone?: string | null } | undefined)?.zone ?? context.getTimezone();
	// Of the fields only these can be expressions that the sentence needs; of a batch, the first item is the example.
	const evaluated = Object.entries(node.parameters).map(([name, value]) => [name, until && isExpression(value) ? context.getNodeParameter(name, 0) : value]);
	const sentence = sentenceOf(context, Object.fromEntries(evaluated) as typeof node.parameters, new Date(), zone);
	context.addExecutionHints({
		message: asHtml(`${sentence} This is a test: nobody was parked, everybody went on by "${outputs[chosen].displayName}".`),
		location: 'outputPane',
	});
	return outputs.map((_, at) => (at === chosen ? items.map(({ json, binary }, item) => ({ json, binary, pairedItem: { item } })) : []));
}
