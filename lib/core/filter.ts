import { FilterError, operatorName, quoted } from './filter-error';
import { equalForms, readEntries, readInstant, readList, readNumber, readOne, type Scalar } from './filter-value';
import { parsePath, PathError, toJsonPath } from './path';
import type { Filter, Json, Operator, PropertyCondition, Variables } from './types';

/*
 * A filter becomes one jsonpath predicate, which Postgres evaluates wherever the filter is asked:
 *   jsonb_path_match_tz(document, predicate, variables, true)    with the session's time zone UTC
 *
 * Why it is always true or false: each condition is `exists(path ? (test))`. Inside `? ( )` an error (a text compared
 * with a number, text that is no date) makes the test unknown, and unknown selects nothing; `exists` of nothing is false.
 * A negative is `!exists`, so an attribute that is missing is not X, and a comparison with it is false.
 *
 * Why nothing can be injected: names, texts and variables are JSON strings, which are jsonpath strings too, and numbers
 * are written by JSON.stringify from a JavaScript number.
 *
 * What a reader may not expect:
 *   - a list matches when one of its entries does; a negative is true when none does. Lists in lists are
 *     not promised to be looked into
 *   - a value that reads as a number or boolean is also compared as one: "5" is 5 and "5", "true" is true and "true"
 *   - order comparisons read text properties as numbers too ("49.90"), to 15 digits
 *   - before and after read ISO 8601 text, without an offset as UTC, a date alone as its midnight, with at most six
 *     decimals of seconds; and numbers, as epoch seconds or milliseconds
 *   - null counts as not existing
 *   - the values of one person are members of the one variable `$v`, since a member that is missing matches nothing, but
 *     a variable that is missing raises: a join may evaluate a filter with the variables of a person who waits for another
 */

/** What to evaluate with, as jsonb, for who has no variables: Postgres raises when `$v` itself is absent. */
export const NO_VARIABLES = '{"v":{}}';

/**
 * Compiles conditions that must all hold in the same document to the text of one jsonpath predicate; an empty filter
 * to null. Evaluate it with `variablesFor`, or with `NO_VARIABLES`.
 * @throws FilterError
 */
export function compileFilter(filter: Filter): string | null {
	return filter.length === 0 ? null : filter.map(compileCondition).join(' && ');
}

/**
 * The variables (a jsonb object) with which one person brings their values to compiled filters: `{ v: { name: value } }`
 * in the forms in which they are compared. What is left out, since it is null, undefined, '' or cannot be compared that
 * way (text with *greater*, say), matches nothing.
 * @throws FilterError for objects, and for lists except with *is one of*
 */
export function variablesFor(filter: Filter, values: Variables): { v: Json } {
	return { v: Object.assign({}, ...filter.filter(hasVariable).map((condition) => {
		const form = formOf(condition);
		const found = values[condition.variable];
		const entries = form === 'list' ? readEntries(found, condition.path) : [readOne(found, condition.path)];
		return bring(condition.variable, form, entries.filter((entry) => entry !== undefined));
	})) as Json };
}

type WithVariable = PropertyCondition & { variable: string };
type Form = 'equal' | 'list' | 'number' | 'text' | 'time';

const FORMS: Partial<Record<Operator, Form>> = {
	is: 'equal', isNot: 'equal', isOneOf: 'list', startsWith: 'text', before: 'time', after: 'time',
	greater: 'number', greaterOrEqual: 'number', less: 'number', lessOrEqual: 'number',
};

const SIGNS: Partial<Record<Operator, string>> = {
	greater: '>', greaterOrEqual: '>=', less: '<', lessOrEqual: '<=', before: '<', after: '>',
};

function compileCondition(condition: PropertyCondition): string {
	const { path: field, operator } = condition;
	const path = accessor(field);
	if (operator === 'exists') return `exists(${path}.type() ? (@ != "null"))`;
	if (operator === 'doesNotExist') return `!exists(${path}.type() ? (@ != "null"))`;
	const test = hasVariable(condition) ? testVariable(condition) : testFixed(condition);
	const negative = operator === 'isNot' || operator === 'doesNotContain';
	return `${negative ? '!' : ''}exists(${path} ? (${test}))`;
}

function testFixed({ path: field, operator, value: found }: PropertyCondition): string {
	const values = operator === 'isOneOf' ? readList(found, field) : [readOne(found, field)];
	const value = values?.[0];
	if (values === undefined || value === undefined) {
		throw new FilterError(field, `${operatorName(operator)} has no value. Fill it in, or use "exists" or "does not exist"`);
	}
	const text = JSON.stringify(String(value));
	switch (operator) {
		case 'is':
		case 'isNot':
		case 'isOneOf': return (values as typeof value[]).flatMap(equalForms).map((form) => `@ == ${JSON.stringify(form)}`).join(' || ');
		case 'contains':
		case 'doesNotContain': return `@ like_regex ${text} flag "q"`;
		case 'startsWith': return `@ starts with ${text}`;
		case 'endsWith': return `@ like_regex ${JSON.stringify(`${literally(String(value))}$`)}`;
		case 'greater':
		case 'greaterOrEqual':
		case 'less':
		case 'lessOrEqual': return compareNumber(operator, JSON.stringify(needs(readNumber(value), 'a number such as 49.90')));
		case 'before':
		case 'after': {
			const instant = needs(readInstant(value), 'a date such as 2026-01-31 or 2026-01-31T09:00:00Z');
			return compareTime(operator, JSON.stringify(instant), String(Date.parse(instant)));
		}
		default: throw new FilterError(field, `there is no operator ${quoted(operator)}`);
	}

	function needs<T>(read: T | undefined, what: string): T {
		if (read !== undefined) return read;
		throw new FilterError(field, `${operatorName(operator)} needs ${what}, found ${quoted(found)}`);
	}
}

function testVariable(condition: WithVariable): string {
	const { operator, variable, path: field, value } = condition;
	if (readOne(value, field) !== undefined) throw new FilterError(field, 'it has both a fixed value and an expression. Keep one');
	const form = formOf(condition);
	const own = (part = '') => `$"v".${JSON.stringify(variable + SUFFIXES[form] + part)}`;
	switch (form) {
		case 'equal':
		case 'list': return `@ == ${own()}`;
		// `starts with` takes no path, and text that starts with X is what sorts from X up to X and the last character.
		case 'text': return `@.type() == "string" && @ >= ${own()} && @ < ${own('End')}`;
		case 'number': return compareNumber(operator, own());
		case 'time': return compareTime(operator, own(), own('Epoch'));
	}
}

/** One variable may be compared in several ways: each form has its own names among a person's variables. */
const SUFFIXES: Record<Form, string> = { equal: '', list: '~list', text: '~text', number: '~number', time: '~time' };
const LAST_CHARACTER = '\u{10FFFF}';

/** What `testVariable` finds. An entry that is undefined is left out of the JSON. */
function bring(variable: string, form: Form, values: Scalar[]): Json {
	const name = variable + SUFFIXES[form];
	const [value] = values;
	if (value === undefined) return {};
	switch (form) {
		case 'equal':
		case 'list': return { [name]: values.flatMap(equalForms) };
		case 'text': return { [name]: String(value), [`${name}End`]: String(value) + LAST_CHARACTER };
		case 'number': return { [name]: readNumber(value) };
		case 'time': {
			const instant = readInstant(value);
			return instant === undefined ? {} : { [name]: instant, [`${name}Epoch`]: Date.parse(instant) };
		}
	}
}

function formOf({ path: field, operator, variable }: WithVariable): Form {
	const form = FORMS[operator];
	if (form === undefined) throw new FilterError(field, `${operatorName(operator)} cannot compare with an expression. Write a fixed value, or use "is", "is one of" or "starts with"`);
	if (!/^\w+$/.test(variable)) throw new FilterError(field, `the variable name ${quoted(variable)} is not made of letters, digits and underscores`);
	return form;
}

function hasVariable(condition: PropertyCondition): condition is WithVariable {
	return condition.variable !== undefined && condition.operator !== 'exists' && condition.operator !== 'doesNotExist';
}

function accessor(field: string): string {
	try {
		return toJsonPath(parsePath(field));
	} catch (error) {
		if (error instanceof PathError) throw new FilterError(field, error.message.replace(/\.$/, ''));
		throw error;
	}
}

/** Text as a regular expression that matches just it. */
function literally(text: string): string {
	return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

function compareNumber(operator: Operator, right: string): string {
	const sign = SIGNS[operator];
	return `@ ${sign} ${right} || (@.type() == "string" && @.double() ${sign} ${right})`;
}

/** As everywhere: a number below the first is epoch seconds, from it on milliseconds, until the end of the year 9999. */
const FIRST_MILLISECONDS = 100_000_000_000;
const LAST_MILLISECONDS = 253_402_300_799_999;

const T = String.raw`\"T\"`;
const Z = String.raw`\"Z\"`;
const INSTANT = `yyyy-mm-dd${T}HH24:MI:SS.MS${Z}`;
/** How a property may write a date, the commonest first. A template that does not fit is unknown, not an error. */
const TEMPLATES = [
	...[T, ' '].flatMap((between) => [Z, 'TZH:TZM', '', 'TZH', 'TZHTZM'].flatMap((zone) => [
		`yyyy-mm-dd${between}HH24:MI:SS.US${zone}`,
		`yyyy-mm-dd${between}HH24:MI:SS${zone}`,
	])),
	'yyyy-mm-dd',
];

/** `instant` and `epoch` (milliseconds) are the same moment, to compare with text and with numbers. */
function compareTime(operator: Operator, instant: string, epoch: string): string {
	const sign = SIGNS[operator];
	const texts = TEMPLATES.map((template) => `@.datetime("${template}") ${sign} ${instant}.datetime("${INSTANT}")`);
	const seconds = `@ >= 0 && @ < ${FIRST_MILLISECONDS} && @ * 1000 ${sign} ${epoch}`;
	const milliseconds = `@ >= ${FIRST_MILLISECONDS} && @ <= ${LAST_MILLISECONDS} && @ ${sign} ${epoch}`;
	return `@.type() == "string" && (${texts.join(' || ')}) || @.type() == "number" && (${seconds} || ${milliseconds})`;
}
