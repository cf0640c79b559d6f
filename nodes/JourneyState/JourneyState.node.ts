import type { IExecuteFunctions, INodeExecutionData, INodeType, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { batchSize, leave, loadArrivals, loadPeople, NO_DATE, readPath, writeContext, type Engine, type Running, type Walking } from '../../lib/index';
import { arriving, type Arrivals } from '../shared/arriving';
import { guardCanvas, isConnected } from '../shared/canvas';
import { executingEngine, itemOf, resume, tokenOf } from '../shared/execution';
import { claimOf, isResumed, isTest, placeOf } from '../shared/place';
import { suggestions } from '../shared/suggestions';
import { subscribe } from '../shared/trigger';
import { isRanked } from './branches';
import { description } from './description';
import { fixedOutputs, stateOutputs } from '../shared/stateOutputs';
import { parkArrivals } from './park';
import { testState } from './test';
import { askedOfProfiles, readWait, registeredWait } from './wait';
import { listOutputs, waitInWords } from './words';

/** Holds people until something happens: what arrives is parked, what wakes is routed. */
export class JourneyState implements INodeType {
	description = description;

	methods = { ...suggestions, loadOptions: { listOutputs }, resourceMapping: { waitInWords } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await subscribe(this, { kind: 'state', waits: registeredWait(this), limit: batchSize(0, Infinity) });
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		if (isTest(this)) return testState(this);
		const outputs = stateOutputs(this.getNode().parameters);
		const routed: INodeExecutionData[][] = outputs.map(() => []);
		const engine = await executingEngine(this);
		await guardCanvas(this, engine);
		if (isResumed(this)) {
			const token = tokenOf(this.getInputData());
			const [names, fixed] = [outputs.map((output) => output.displayName), fixedOutputs(this.getNode().parameters)];
			const people = await resume(this, engine, isRanked(this));
			const moved = people.filter(({ wake }) => wake === 'move');
			const woken = people.filter(({ wake }) => wake !== 'move').map((one) => ({ one, output: outputIndex(one, names, fixed) }));
			await capture(this, engine, woken.map(({ one, output }) => ({ one, branch: output - fixed })));
			for (const { one, output } of woken) routed[output]!.push(itemOf(this, token, one, 0));
			if (moved.length > 0) {
				const arrivals = { claim: claimOf(this, token), people: movedHere(this, token, moved), now: await engine.now() };
				const undated = await arrive(this, engine, arrivals);
				routed[NO_DATE_OUTPUT]?.push(...undated);
			}
			return routed;
		}
		const undated = await arrive(this, engine, await arriving(this, engine, async (...claimed) => await loadArrivals(...claimed, askedOfProfiles(this))));
		routed[NO_DATE_OUTPUT]?.push(...undated);
		return routed;
	}
}

/** Lets people begin to wait. @returns the items of those who go on by *No date* */
async function arrive(context: IExecuteFunctions, engine: Engine, { claim, people, now }: Arrivals<Walking>): Promise<INodeExecutionData[]> {
	const outputs = stateOutputs(context.getNode().parameters);
	// Nothing is connected: there is nothing to wait for, and the journey is completed.
	if (people.length === 0 || outputs.every((_, output) => !isConnected(context, output))) return [];
	const step = await engine.step(placeOf(context, 'state'));
	const { past, undated } = await parkArrivals(context, engine, claim, step.id, people, now);
	if (past.length > 0) await leave(engine, claim, past, 'date_past');
	if (undated.length === 0) return [];
	if (!isConnected(context, NO_DATE_OUTPUT)) {
		await leave(engine, claim, undated.map(({ id }) => id), 'no_date');
		return [];
	}
	const items = context.getInputData();
	const found = new Map((await loadPeople(engine, claim, undated.map(({ id }) => id))).running.map((one) => [one.id, one]));
	return undated.flatMap(({ id, item, problem }) => {
		const one = found.get(id);
		return one ? itemOf(context, claim.token, one, item, { ...items[item]!.json, problem }) : [];
	});
}

/** People of a step that was removed, as if they came by a line: the panel's expressions are worked out from their items. */
function movedHere(context: IExecuteFunctions, token: string, moved: Running[]): Arrivals<Walking>['people'] {
	const items = context.getInputData();
	const at = new Map(items.map(({ json }, item) => [(json.journey as { instance: number }).instance, item]));
	const { date } = readWait(context);
	return moved.map((one) => {
		const item = at.get(one.id)!;
		Object.assign(items[item]!.json, itemOf(context, token, one, item).json);
		const held = date?.path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], one.profile.attributes);
		return { item, running: { id: one.id, profile_id: one.profile.id, date: held, zone: one.profile.zone ?? one.journey_zone, entered_at: one.entered_at, left_at: one.left_at } };
	});
}

const NO_DATE_OUTPUT = 1;

/** What people brought who were woken by an event: values that its branch keeps for the rest of the journey. */
async function capture(context: IExecuteFunctions, engine: Engine, woken: Array<{ one: Running; branch: number }>): Promise<void> {
	const { captures } = readWait(context);
	const values = woken.flatMap(({ one, branch }) => {
		const paths = Object.entries(captures[branch] ?? {});
		const found = paths.map(([name, path]) => [name, readPath(one.event?.properties ?? {}, path)] as const).filter(([, value]) => value !== undefined);
		return found.length > 0 ? [{ one, values: Object.fromEntries(found) }] : [];
	});
	if (values.length === 0) return;
	await writeContext(engine, claimOf(context, tokenOf(context.getInputData())), values.map(({ one, values: captured }) => ({ id: one.id, values: captured })));
	for (const { one, values: captured } of values) one.context = { ...one.context, ...captured };
}

/** A branch keeps its people through a rename (its position) and a move (its name). @param fixed outputs before the first branch */
function outputIndex({ wake, output }: Running, names: string[], fixed: number): number {
	if ((wake !== 'event' && wake !== 'change') || output === null) return 0;
	if (wake === 'change' && output === NO_DATE) return names.indexOf(NO_DATE, 1) > 0 ? names.indexOf(NO_DATE, 1) : 0;
	const [position, name] = [Number(output.slice(0, output.indexOf(':'))), output.slice(output.indexOf(':') + 1)];
	const byName = names.indexOf(name, fixed);
	const byPosition = fixed - 1 + position;
	return byName > 0 ? byName : byPosition < names.length ? byPosition : 0;
}
