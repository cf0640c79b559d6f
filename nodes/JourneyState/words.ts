import type { ILoadOptionsFunctions, INodeParameters, INodePropertyOptions, ResourceMapperFields } from 'n8n-workflow';

import { nameOf, waitSentence } from '../../lib/index';
import { asHtml } from '../shared/html';
import type { Reader } from '../shared/parameters';
import { stateOutputs } from '../shared/stateOutputs';
import { untilDiffers, untilOf, type StateWait } from './wait';

type Panel = INodeParameters | Record<string, unknown>;
type Kind = NonNullable<StateWait['until']>['kind'] | 'never';

/**
 * The wait as a sentence, with an example date. What an expression says is different for each customer, so it has no
 * example before a run.
 *
 * @param fields the panel; in a run, a date is the one of the sample
 * @throws an error naming the field
 */
export function sentenceOf(node: Reader, fields: Panel, now: Date, zone: string): string {
	const forEvents = fields.waitFor === 'events';
	const kind = ((forEvents ? fields.limitUntil : fields.until) ?? 'delay') as Kind;
	const names = (list: unknown) => ((list as { branch?: Branch[] } | undefined)?.branch ?? []).map(branchInWords);
	const events = forEvents ? names(fields.events) : undefined;
	if (events?.length === 0) return 'Waits for an event: add it above.';
	const resets = !forEvents && kind === 'delay' ? names(fields.resets) : [];
	const rule = kind === 'never' ? undefined : ({ kind, prefix: forEvents ? 'limit' : '' } as const);
	const differs = rule !== undefined && untilDiffers(rule, (name) => fields[name]);
	if (differs && kind !== 'date') {
		return `Waits${events ? ` for ${events.join(' or ')}, at most` : ''} as long as the expressions say for each customer.`;
	}
	const until = rule && untilOf(node, rule, (name, fallback) => (fields[name] ?? fallback) as typeof fallback);
	if (until?.kind === 'date' && (differs || until.date === '' || fields[forEvents ? 'limitDateFrom' : 'dateFrom'] === 'attribute')) until.date = undefined;
	return waitSentence({ until, events, best: forEvents && fields.decides === 'best', resets }, now, zone);
}

interface Branch {
	on?: string;
	attributes?: { conditions?: Array<{ path?: unknown }> };
	engagement?: string;
	segment?: unknown;
	event?: unknown;
	times?: number;
	period?: string;
	withinAmount?: number;
	withinUnit?: string;
}

function branchInWords({ on, attributes, engagement = 'clicked', segment, event, times = 1, period = 'ever', withinAmount = 1, withinUnit = 'hours' }: Branch): string {
	if (on === 'attribute') return `a change of ${(attributes?.conditions ?? []).map(({ path }) => nameOf(path)).join(' and ') || 'an attribute'}`;
	if (on === 'message') return `a message that is ${engagement}`;
	if (on === 'segment') return `joining the segment ${nameOf(segment) || '…'}`;
	const name = nameOf(event) || 'an event';
	if (times === 1) return name;
	const within = { ever: '', day: ' on one day', within: ` within ${withinAmount} ${withinAmount === 1 ? withinUnit.slice(0, -1) : withinUnit}` }[period] ?? '';
	return `${name} ${times} times${within}`;
}

/** The sentence in the panel. n8n shows what a list of fields has to say when it has none, and asks again at each change. */
export async function waitInWords(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
	return { fields: [], emptyFieldsNotice: asHtml(sentenceOrProblem(this)) };
}

function sentenceOrProblem(panel: ILoadOptionsFunctions): string {
	try {
		return sentenceOf(panel, panel.getCurrentNodeParameters() ?? {}, new Date(), panel.getTimezone());
	} catch (error) {
		return (error as Error).message;
	}
}

/** The outputs, for *Output When Testing*. */
export async function listOutputs(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return stateOutputs((this.getCurrentNodeParameters() ?? {}) as never).map(({ displayName }, value) => ({ name: displayName, value }));
}
