import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Way } from '../../lib/index';
import { samplesAtOutputs } from '../shared/parting';

/** Of the items of a test run those whose customers would enter; about the others a hint is shown. */
export function samplesWhoEnter(context: IExecuteFunctions, ways: Way[]): INodeExecutionData[][] {
	const [inside, outside] = samplesAtOutputs(context, ways, 2);
	if (outside!.length > 0) {
		context.addExecutionHints({
			message: `${outside!.length} of ${ways.length} would not enter the journey: they are not in the audience.`,
			location: 'outputPane',
		});
	}
	return [inside!];
}
