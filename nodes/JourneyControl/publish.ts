import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { previewPublish, undoPublish, type Engine } from '../../lib/index';
import { readEdited } from './edited';
import { journeyKey, refusing } from './journeys';
import { whoAsks } from './who';

/** What the panel offers around a publish. */
export const PUBLISH_OPERATIONS = { preview, undo };

/** What publishing an edited workflow would do to those inside. Nothing is written. */
async function preview(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const edited = await readEdited(context);
	const seen = await refusing(context, async () => await previewPublish(store, edited));
	for (const { message } of seen.problems) context.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
	return { json: { ok: seen.problems.length === 0, ...seen } as unknown as IDataObject, pairedItem: { item: 0 } };
}

/** Brings people back whom the last publish took from a step that is there again. */
async function undo(context: IExecuteFunctions, engine: Engine): Promise<INodeExecutionData> {
	const key = journeyKey(context);
	const { publishedAt, ...undone } = await refusing(context, async () => await undoPublish(engine, key, whoAsks(context)));
	return { json: { journey: key, publishedAt: publishedAt.toISOString(), ...undone }, pairedItem: { item: 0 } };
}
