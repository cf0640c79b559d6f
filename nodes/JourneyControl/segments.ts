import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { dropSegment, keepSegment, listSegments, nameOf, preview, settingsInForce, validateZone, type Engine, type RawName, type Rule } from '../../lib/index';
import { checked, fieldError } from '../shared/parameters';
import { isEmpty, readRule, type RawRule } from '../shared/rules';
import { refusing } from './journeys';

/** What the panel offers for saved segments. */
export const SEGMENT_OPERATIONS = { save, list, delete: remove, preview: look };

async function save(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const name = given(context);
	const rule = ruleOf(context);
	if (!rule) throw fieldError(context.getNode(), 'Conditions', 'there is none. Add the conditions that customers must match; everyone needs no segment.');
	const minutes = context.getNodeParameter('refreshMinutes', 0) as number;
	if (!Number.isInteger(minutes) || minutes < 1) throw fieldError(context.getNode(), 'Refresh Every (Minutes)', `found ${JSON.stringify(minutes)}. Enter a whole number from 1.`);
	await keepSegment(store, { name, rule, zone: await zoneOf(context, store), refresh_minutes: minutes });
	return itemOf((await store.tx(listSegments)).find((one) => one.name === name)!);
}

async function list(_context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData[]> {
	return (await store.tx(listSegments)).map(itemOf);
}

async function remove(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const name = given(context);
	if (!(await refusing(context, async () => await dropSegment(store, name)))) throw fieldError(context.getNode(), 'Name', `there is no segment "${name}".`);
	return itemOf({ name, deleted: true });
}

/** Who matches now, without saving anything. */
async function look(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const { count, sample, sql, params } = await preview(store, ruleOf(context), await zoneOf(context, store));
	return itemOf({ count, sample, sql, parameters: params });
}

function ruleOf(context: IExecuteFunctions): Rule | null {
	const raw: RawRule = { match: context.getNodeParameter('match', 0) as RawRule['match'], conditions: context.getNodeParameter('conditions', 0) as RawRule['conditions'] };
	return isEmpty(raw) ? null : readRule(context, 'Conditions', raw, new Map(), false);
}

function given(context: IExecuteFunctions): string {
	const name = nameOf(context.getNodeParameter('segment', 0) as RawName);
	if (name === '') throw fieldError(context.getNode(), 'Name', 'the segment has none. Enter one.');
	return name;
}

async function zoneOf(context: IExecuteFunctions, store: Engine['store']): Promise<string> {
	const { zone } = context.getNodeParameter('segmentOptions', 0, {}) as { zone?: string };
	if (zone?.trim()) return checked(context, 'Time Zone', () => validateZone(zone.trim(), 'Time Zone'));
	const general = (await settingsInForce(store)).find(({ name }) => name === 'zone')?.value;
	return typeof general === 'string' ? general : context.getTimezone();
}

const itemOf = (json: object): INodeExecutionData => ({ json: JSON.parse(JSON.stringify(json)) as IDataObject, pairedItem: { item: 0 } });
