import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import { changeSettings, settingsInForce, type Engine, type SettingInForce, type Settings } from '../../lib/index';
import { fieldError } from '../shared/parameters';
import { whoAsks } from './who';

/** What the panel offers for the settings. */
export const SETTINGS_OPERATIONS = { get, change };

/** What holds, and who said so. */
async function get(_context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	return itemOf(await settingsInForce(store));
}

/** Changes the settings that the panel names; the others stay. @throws NodeOperationError naming the setting */
async function change(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const changes = context.getNodeParameter('changes', 0, {}) as Partial<Record<keyof Settings, unknown>>;
	if (Object.keys(changes).length === 0) throw fieldError(context.getNode(), 'Settings', 'none was added. Add the settings that are to change.');
	// A number field that is emptied holds 0: nothing is kept for no time.
	for (const name of ['keepEventsMonths', 'keepHistoryMonths'] as const) if (changes[name] === 0) changes[name] = null;
	try {
		return itemOf(await changeSettings(store, changes, whoAsks(context)));
	} catch (error) {
		throw new NodeOperationError(context.getNode(), error as Error);
	}
}

function itemOf(settings: SettingInForce[]): INodeExecutionData {
	const values = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
	const changed = Object.fromEntries(settings.filter(({ from }) => from === 'settings').map(({ name, changedAt, changedBy }) => [name, { at: changedAt, by: changedBy }]));
	return { json: { settings: values, changed } as IDataObject, pairedItem: { item: 0 } };
}
