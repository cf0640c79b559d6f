import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { Operator } from '../../lib/index';
import { nameField } from './suggestions';

type Show = NonNullable<INodeProperties['displayOptions']>['show'];

const OPERATOR_NAMES: Record<Operator, string> = {
	is: 'Is',
	isNot: 'Is Not',
	isOneOf: 'Is One Of',
	contains: 'Contains',
	doesNotContain: 'Does Not Contain',
	startsWith: 'Starts With',
	endsWith: 'Ends With',
	greater: 'Is Greater Than',
	greaterOrEqual: 'Is Greater Than or Equal To',
	less: 'Is Less Than',
	lessOrEqual: 'Is Less Than or Equal To',
	before: 'Is Before',
	after: 'Is After',
	exists: 'Exists',
	doesNotExist: 'Does Not Exist',
};

export const operators: INodePropertyOptions[] = Object.entries(OPERATOR_NAMES).map(([value, name]) => ({ name, value }));

/**
 * Property, operator, value: the three fields of one condition.
 *
 * @param suggests names that were seen so far; absent: there are none to suggest
 */
export function conditionFields(property: string, example: string, fixed: boolean, suggests?: 'attribute' | 'property'): INodeProperties[] {
	const path = {
		displayName: property, name: 'path', placeholder: `e.g. ${example}`,
		description: 'Its name. Reach into objects with a dot (order.total), into lists with [] (items[].category).',
	};
	return [
		suggests ? nameField(suggests, path) : { ...path, type: 'string', default: '', noDataExpression: true },
		{ displayName: 'Operator', name: 'operator', type: 'options', noDataExpression: true, options: operators, default: 'is' },
		{
			displayName: 'Value',
			name: 'value',
			type: 'string',
			default: '',
			noDataExpression: fixed,
			displayOptions: { hide: { operator: ['exists', 'doesNotExist'] } },
			description: 'What to compare with. Several values for Is One Of are separated by commas; dates are written 2026-01-31.',
		},
	];
}

/** Filters on the properties of one event. @param fixed no expressions: the engine matches on it without an item */
export function eventFilters(show?: Show, fixed = true): INodeProperties {
	return {
		displayName: 'Property Filters',
		name: 'filters',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		placeholder: 'Add Filter',
		default: {},
		...(show ? { displayOptions: { show } } : {}),
		description: 'All of them must match in the same event. Without filters, every event of this name counts.',
		options: [{ displayName: 'Filter', name: 'conditions', values: conditionFields('Property', 'cart.total', fixed, 'property') }],
	};
}

/** Journey values that are captured from an event. */
export function capturedValues(description: string): INodeProperties {
	return {
		displayName: 'Journey Values',
		name: 'values',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add Value',
		default: {},
		description,
		options: [
			{
				displayName: 'Value',
				name: 'value',
				values: [
					{ displayName: 'Name', name: 'name', type: 'string', default: '', noDataExpression: true, placeholder: 'e.g. cart_total' },
					{ displayName: 'Event Property', name: 'path', type: 'string', default: '', noDataExpression: true, placeholder: 'e.g. cart.total' },
				],
			},
		],
	};
}

const UNITS: INodePropertyOptions[] = ['seconds', 'minutes', 'hours', 'days', 'weeks', 'months', 'years'].map((value) => ({
	name: value[0]!.toUpperCase() + value.slice(1),
	value,
}));

/** What a unit's field says of a period that goes by the customer's calendar. */
export const CALENDAR = 'Hours and below are exact. Days and above go by the calendar and clock of the customer’s time zone.';

/** Amount and unit, as two fields `<name>Amount` and `<name>Unit`. @param description of the unit */
export function durationFields(name: string, displayName: string, amount: number, unit: string, show?: Show, description?: string): INodeProperties[] {
	const displayOptions = show ? { displayOptions: { show } } : {};
	const unitField: INodeProperties = { displayName: 'Unit', name: `${name}Unit`, type: 'options', noDataExpression: true, options: UNITS, default: unit, ...displayOptions };
	return [
		{ displayName, name: `${name}Amount`, type: 'number', typeOptions: { minValue: 0, numberPrecision: 0 }, default: amount, ...displayOptions },
		description ? { ...unitField, description } : unitField,
	];
}

/** The optional store credential of every journey node. */
export const storeCredential = { name: 'journeyStore', displayName: 'Store (Optional)', required: false };
