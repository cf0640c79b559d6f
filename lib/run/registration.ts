import { parseSinglePath } from '../core/path';
import type { Condition, EntryRules, Json } from '../core/types';
import { beginJudging } from '../store/absence';
import { addCandidatesSince } from '../store/candidates';
import { saveConditions } from '../store/conditions';
import { otherEntrance } from '../store/entrances';
import { convertSince } from '../store/goals';
import { lockRegistry } from '../store/locks';
import { beginSchedule, beginWithMembers, type ScheduleConfig } from '../store/runs';
import { findSegment } from '../store/segments';
import { otherHosts, saveDrawn, saveJourney, saveListener, saveStep, type Place, type RecordedCanvas, type Step } from '../store/steps';
import { StoreError, type Connection } from '../store/types';
import type { Batch } from './flight';
import type { RegisteredWait } from './reschedule';

/** What a node says of itself when n8n starts its trigger. */
export interface Registration {
	place: Place;
	/** Entry Trigger: the journey it opens. */
	journey?: { key: string; name: string; rules: EntryRules };
	/** Entry and goal: what they listen to. */
	listens?: { conditions: Condition[]; config: Json; /** Entry by the calendar. */ schedule?: ScheduleConfig; /** Of a segment. */ segment?: ListenedSegment };
	/** Entry Trigger: the canvas as it is published now, so that a journey which nobody has entered can be drawn. */
	canvas?: RecordedCanvas;
	/** State: how long people wait there. */
	waits?: RegisteredWait;
	/** Most people in one batch. */
	limit: number;
	emit: (batch: Batch) => Promise<void>;
	/** Since when it should be listening, by this process's clock: the store may have been away. */
	since: Date;
}

/** A segment whose changes a step listens to. */
export interface ListenedSegment {
	name: string;
	/** Entry: everyone who is in it now enters as well. */
	everyone: boolean;
}

const ALIVE_MS = 60_000;
/** How far a listener that was off looks back when it returns. */
export const CATCH_UP_MS = 60 * 60_000;

/**
 * Writes down that a node listens.
 *
 * @returns `elsewhere`: the workflow by which people enter the journey instead
 * @throws StoreError where another n8n runs the workflow, or its segment is not there
 */
export async function saveRegistration(db: Connection, { place, journey, listens, canvas, since }: Registration): Promise<{ step: Step; elsewhere?: string }> {
	await lockRegistry(db, 'register');
	const others = await otherHosts(db, place.host, place.workflowId, new Date(+db.now - ALIVE_MS));
	if (others.length > 0) {
		throw new StoreError(
			`workflow ${place.workflowId} is already run on this store by another n8n installation (${others[0]!.slice(0, 8)}…). Give one of them another schema in the Journey Store credential.`,
		);
	}
	if (listens?.segment && !(await findSegment(db, listens.segment.name))) {
		throw new StoreError(`Segment: there is no segment "${listens.segment.name}", so nothing is listened to. Save it with the Journey Control node, or choose another one.`);
	}
	const step = await saveStep(db, place);
	if (canvas) await saveDrawn(db, step.workflow, canvas);
	if (journey) {
		const { zone, zoneIsN8ns, correlation, start, end, endEvicts, unknownConsent } = journey.rules;
		step.journey_id = await saveJourney(db, step.workflow, {
			key: journey.key, name: journey.name, zone, zoneIsN8ns, start, end, unknownConsent, correlation: correlation === undefined ? null : parseSinglePath(correlation),
			...(endEvicts && { evictAt: end }),
		});
	}
	if (listens) {
		const set = await saveConditions(db, listens.conditions, null);
		const began = new Date(+db.now - (Date.now() - +since));
		if (place.kind === 'entry') {
			await beginSchedule(db, step.id, listens.schedule ?? null, began, step.off_since);
			await beginWithMembers(db, step.id, step.journey_id!, listens.segment?.everyone ? listens.segment.name : null);
		}
		const missed = step.fresh || step.off_since ? new Date(Math.max(+(step.off_since ?? began), +db.now - CATCH_UP_MS)) : null;
		if (listens.config.absent !== undefined) await beginJudging(db, step.id, set, listens.config, missed);
		// A reset timer captures the journey values again, where only the store is at hand.
		const values = Object.entries(journey?.rules.values ?? {}).map(([name, path]) => [name, parseSinglePath(path)]);
		await saveListener(db, step.id, set, journey ? { ...listens.config, values: Object.fromEntries(values) as Json } : listens.config);
		if (missed) {
			if (place.kind === 'entry') await addCandidatesSince(db, step.id, missed);
			else await convertSince(db, step.id, missed);
		}
	}
	return { step, elsewhere: journey && (await otherEntrance(db, step.journey_id!, step.workflow)) };
}

/** What is logged where people enter by another workflow. */
export function entersElsewhere({ journey }: Registration, workflow: string): string {
	return `people enter journey "${journey!.key}" by workflow ${workflow}, which was given this Journey Key later. Who is in this workflow goes on. To let people in here again, unpublish the other one, or give this one a key of its own.`;
}
