import { NodeOperationError, type IExecuteFunctions, type INode, type ITriggerFunctions } from 'n8n-workflow';

import { compileFilter, nameOf, validateDuration, type Duration, type Filter, type PropertyCondition, type RawName } from '../../lib/index';
import { journeyNodesBefore, keyOn } from './descent';

/** Whatever names its node in an error. */
export type Reader = Pick<IExecuteFunctions | ITriggerFunctions, 'getNode'>;

/** What a panel holds of one condition. */
export interface RawCondition {
	path: RawName;
	operator: PropertyCondition['operator'];
	value?: unknown;
}

/** A parameter as it stands in the panel, expressions unevaluated. Cheap: call it once a batch. */
export function raw<T>(context: IExecuteFunctions | ITriggerFunctions, name: string, fallback: T): T {
	const options = { rawExpressions: true };
	return 'getInputData' in context
		? (context.getNodeParameter(name, 0, fallback, options) as T)
		: (context.getNodeParameter(name, fallback, options) as T);
}

export function isExpression(value: unknown): value is string {
	return typeof value === 'string' && value.startsWith('=');
}

/** An error that names the node, the field, what was found and what to do. */
export function fieldError(node: INode, field: string, problem: string): NodeOperationError {
	return new NodeOperationError(node, `${field}: ${problem}`, { description: `Node "${node.name}"` });
}

/** A text field that must not be empty. @throws NodeOperationError naming it */
export function text(context: IExecuteFunctions, name: string, field: string, item = 0): string {
	const value = String(context.getNodeParameter(name, item, '')).trim();
	if (value === '') throw fieldError(context.getNode(), field, 'is empty.');
	return value;
}

/** Runs what may refuse a field; the refusal then names the node and the field. */
export function checked<T>(context: Reader, field: string, work: () => T): T {
	try {
		return work();
	} catch (error) {
		const { message } = error as Error;
		// Errors of durations and dates name the field themselves.
		throw fieldError(context.getNode(), field, message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message);
	}
}

/** Expressions found in raw conditions: variable name → expression. Each person brings the values. */
export type Expressions = Map<string, string>;

/**
 * Raw conditions as a filter. A value that is an expression becomes a variable, so that a batch shares one filter.
 *
 * @throws NodeOperationError when a condition cannot be compiled
 */
export function readFilter(context: Reader, field: string, conditions: RawCondition[], expressions: Expressions = new Map()): Filter {
	const filter = conditions.map(({ path: named, operator, value }): PropertyCondition => {
		const path = nameOf(named);
		if (!isExpression(value)) return { path, operator, value };
		const variable = `v${expressions.size + 1}`;
		expressions.set(variable, value);
		return { path, operator, variable };
	});
	checked(context, field, () => compileFilter(filter));
	return filter;
}

/** Amount and unit of a duration field. */
export function readDuration(context: Reader, field: string, amount: unknown, unit: unknown): Duration {
	return checked(context, field, () => validateDuration({ amount, unit }, field));
}

/** What asks the item itself for a part that only the customer's own has. */
const OF_THE_CUSTOMER = /(?:\$json|\$input\.(?:item|first\(\))\.json)\??\.?(?:\[\s*['"])?(journey|profile|event|context)\b/g;

/**
 * What each expression is for one item: variable name → value.
 *
 * @param what it is compared in, as the panel calls it
 * @throws NodeOperationError where one asks `$json` for what is no longer there (`$json.context.plan`), as a node in between
 * has put its own output in place of the customer's item: it would compare with nothing, and say nothing of it
 */
export function valuesOf(context: IExecuteFunctions, what: string, expressions: Expressions, item: number): Record<string, unknown> {
	return Object.fromEntries([...expressions].map(([name, expression]) => {
		// n8n puts the leading = back.
		const value: unknown = context.evaluateExpression(expression.slice(1), item);
		refuseReplaced(context, what, expression, value, item);
		return [name, value];
	}));
}

/** @throws NodeOperationError as `valuesOf` does, for one field and what it was worked out to be */
export function refuseReplaced(context: IExecuteFunctions, field: string, expression: unknown, value: unknown, item: number): void {
	const isEmpty = value === undefined || value === null || value === '' || Number.isNaN(value);
	if (!isEmpty || !isExpression(expression)) return;
	const input = context.getInputData()[item];
	const missing = [...expression.matchAll(OF_THE_CUSTOMER)].some(([, part]) => input?.json[part!] === undefined);
	if (!missing || keyOn(input)) return;
	const [before, first] = [context.getInputSourceData().previousNode, journeyNodeBefore(context)];
	throw fieldError(context.getNode(), field, `${expression.slice(1).trim()} is empty: $json is what '${before}' put out, and not the customer any more. Write ${first ? `$('${first}').item.json` : "$('…').item.json, with the name of a journey node,"} in place of $json.`);
}

/** The nearest journey node in front of this one that has run. */
function journeyNodeBefore(context: IExecuteFunctions): string | undefined {
	const proxy = context.getWorkflowDataProxy(0) as unknown as { $(name: string): { isExecuted: boolean } };
	return journeyNodesBefore(context).find((name) => proxy.$(name).isExecuted);
}
