import { DEFAULT_SETTINGS, validateSettings, type Settings } from '../core/settings';
import { tellAct } from '../store/acts';
import { changedSettings, readSettings, writeSettings } from '../store/settings';
import { StoreError, type Keep, type Store } from '../store/types';
import { tooFarBack } from './retention';

/** A setting as operators see it. */
export interface SettingInForce {
	name: keyof Settings;
	value: Settings[keyof Settings];
	/** `default`: nobody has changed it. */
	from: 'settings' | 'default';
	changedAt: string | null;
	changedBy: string | null;
}

/** All settings: what holds, and who said so. */
export async function settingsInForce(store: Store): Promise<SettingInForce[]> {
	const changed = new Map((await store.tx(changedSettings)).map((one) => [one.name, one]));
	return (Object.keys(DEFAULT_SETTINGS) as Array<keyof Settings>).map((name) => {
		const by = changed.get(name);
		if (!by) return { name, value: DEFAULT_SETTINGS[name], from: 'default', changedAt: null, changedBy: null };
		return { name, value: by.value, from: 'settings', changedAt: by.changed_at.toISOString(), changedBy: by.changed_by };
	});
}

/**
 * Changes settings, and journals who did. What is as it was is left alone.
 *
 * @throws Error naming the setting that cannot be so; StoreError when events would be dropped that a published journey asks for
 */
export async function changeSettings(store: Store, changes: Partial<Record<keyof Settings, unknown>>, who: string): Promise<SettingInForce[]> {
	const wanted = validateSettings(changes);
	if (wanted.keepEventsMonths !== undefined && wanted.keepEventsMonths !== null) {
		const far = await tooFarBack(store, wanted.keepEventsMonths);
		if (far) throw new StoreError(`Keep Events (Months): ${wanted.keepEventsMonths} is too short: ${far} Keep events for longer, or ask for less there.`);
	}
	await store.tx(async (db) => {
		const before = await readSettings(db);
		const names = (Object.keys(wanted) as Array<keyof Settings>).filter((name) => before[name] !== wanted[name]);
		if (names.length === 0) return;
		const of = (all: Partial<Settings>) => Object.fromEntries(names.map((name) => [name, all[name]]));
		await writeSettings(db, of(wanted), who);
		await tellAct(db, 'settings', who, null, { from: of(before), to: of(wanted) });
	});
	return await settingsInForce(store);
}

/** For how long things are kept: as the settings say, else as the environment does. */
export async function keepInForce(store: Store, environment: Keep): Promise<Keep> {
	const { keepEventsMonths, keepHistoryMonths } = await store.tx(readSettings);
	return { events: keepEventsMonths ?? environment.events, history: keepHistoryMonths ?? environment.history };
}
