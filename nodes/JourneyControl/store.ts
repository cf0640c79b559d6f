import { PassThrough } from 'node:stream';
import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { backup, health, notices, resume, storeStatus, type Answer, type Engine } from '../../lib/index';
import { fieldError } from '../shared/parameters';
import { endLinks, statusLink } from './statusPage';

/** What the panel offers for the store. */
export const STORE_OPERATIONS = { backup: backUp, health: check, status, resume: goOn, statusLink, endLinks };

/** A copy of everything as a file of the item, so that n8n's own nodes can put it where it is safe. */
async function backUp(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const field = context.getNodeParameter('binaryPropertyName', 0) as string;
	const fileName = `journey-${new Date().toISOString().slice(0, 19).replace(/:/g, '-')}Z.jsonl.gz`;
	const out = new PassThrough();
	// Both sides report their errors; but who writes is through before the file is kept, and listens no more.
	out.on('error', () => undefined);
	const kept = context.helpers.prepareBinaryData(out, fileName, 'application/gzip').catch((error: Error) => {
		out.destroy(error);
		throw error;
	});
	const [file, { takenAt, counts }] = await Promise.all([kept, backup(store, out)]);
	return { json: { store: store.name, takenAt: takenAt.toISOString(), counts }, binary: { [field]: file }, pairedItem: { item: 0 } };
}

/** How the store is, and what there is to do. */
async function status(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const [{ paused, ...numbers }, toDo] = [await storeStatus(store), await notices(store)];
	for (const message of toDo) context.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
	const { reason, since, backupAt, movedTo } = paused ?? {};
	const why = paused && { reason, since: since!.toISOString(), ...(backupAt && { backupAt: backupAt.toISOString() }), ...(movedTo && { movedTo }) };
	return { json: { ...numbers, paused: why, notices: toDo } as IDataObject, pairedItem: { item: 0 } };
}

/** How everything is; what somebody should look at stands in `warnings`, the store's own notices among them. */
async function check(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const limit = (name: string, field: string) => {
		const value = context.getNodeParameter(name, 0) as number;
		if (!(value >= 0)) throw fieldError(context.getNode(), field, `found ${value}. Enter a number from 0.`);
		return value;
	};
	const limits = {
		latenessMinutes: limit('latenessMinutes', 'Late After (Minutes)'), hoursWithoutEvents: limit('hoursWithoutEvents', 'No Events for (Hours)'),
		skippedPercent: limit('skippedPercent', 'Skipped Messages (%)'), rejectedEvents: limit('rejectedEvents', 'Rejected Events'),
	};
	const { lastEventAt, warnings, ...numbers } = await health(store, limits);
	const all = [...warnings, ...(await notices(store))];
	return { json: { ok: all.length === 0, ...numbers, lastEventAt: lastEventAt?.toISOString() ?? null, warnings: all }, pairedItem: { item: 0 } };
}

/** Lets a restored store go on. @throws StoreError when it is not paused */
async function goOn(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const answer = context.getNodeParameter('answer', 0) as Answer;
	const { due, candidates } = await storeStatus(store);
	const { since, backup_at: backupAt } = await resume(store, answer);
	return { json: { answer, due, candidates, pausedSince: since.toISOString(), backupAt: backupAt?.toISOString() ?? null }, pairedItem: { item: 0 } };
}
