import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { leaveRemoved, removalTarget, type Engine } from '../../lib/index';
import { publishedCanvas } from '../shared/canvas';
import { placeOf } from '../shared/place';

/** What becomes of people whose step is gone. */
export const removedField: INodeProperties = {
	displayName: 'If a Step Is Removed, Go To',
	name: 'ifStepRemoved',
	type: 'string',
	default: '',
	noDataExpression: true,
	placeholder: 'e.g. Wait for order',
	description: 'Name of the State at which people go on waiting whose step was removed or disabled while the journey is published. Leave it empty to let them leave the journey.',
};

/** Steps do not listen any more and people wait there: what is gone from the canvas lets them go. Nobody enters. */
export async function leaveRemovedSteps(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData[][]> {
	const steps = context.getInputData().map(({ json }) => (json.journey as { removed: number }).removed);
	const goTo = removalTarget(context.getNode().parameters);
	const left = await leaveRemoved(engine, placeOf(context, 'entry'), publishedCanvas(context), steps, { goTo });
	if (left > 0) context.logger.warn(`Journey "${context.getWorkflow().name}": ${left} ${left === 1 ? 'person' : 'people'} waited at a step that was removed or disabled, and ${goTo ? `went to "${goTo}"` : 'left the journey (step_removed)'}.`);
	return [[]];
}
