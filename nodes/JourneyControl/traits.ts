import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { deleteTrait, keepTrait, listTraits, nameOf, parsePath, type Engine, type RawName } from '../../lib/index';
import { checked, fieldError, readFilter, type RawCondition } from '../shared/parameters';

/** What the panel offers for traits. */
export const TRAIT_OPERATIONS = { save, list, delete: remove };

async function save(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const [name, event] = [given(context, 'trait', 'Name'), given(context, 'event', 'Event')];
	const amount = nameOf(context.getNodeParameter('amount', 0, '') as RawName);
	if (amount !== '') checked(context, 'Amount', () => parsePath(amount));
	const filters = context.getNodeParameter('filters', 0, {}) as { conditions?: RawCondition[] };
	const filter = readFilter(context, 'Property Filters', filters.conditions ?? []);
	await keepTrait(store, { name, event, filter, ...(amount !== '' && { amount }) });
	return itemOf((await store.tx(listTraits)).find((one) => one.name === name)!);
}

async function list(_context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData[]> {
	return (await store.tx(listTraits)).map(itemOf);
}

async function remove(context: IExecuteFunctions, { store }: Engine): Promise<INodeExecutionData> {
	const name = given(context, 'trait', 'Name');
	if (!(await store.tx(async (db) => await deleteTrait(db, name)))) throw fieldError(context.getNode(), 'Name', `there is no trait "${name}".`);
	return itemOf({ name, deleted: true });
}

function given(context: IExecuteFunctions, parameter: string, field: string): string {
	const name = nameOf(context.getNodeParameter(parameter, 0) as RawName);
	if (name === '') throw fieldError(context.getNode(), field, 'it is empty. Enter a name.');
	return name;
}

const itemOf = (json: object): INodeExecutionData => ({ json: JSON.parse(JSON.stringify(json)) as IDataObject, pairedItem: { item: 0 } });
