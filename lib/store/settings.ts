import { DEFAULT_SETTINGS, type Settings } from '../core/settings';
import type { Connection } from './types';

/** One setting that somebody has changed. */
export interface Changed {
	name: keyof Settings;
	value: Settings[keyof Settings];
	changed_at: Date;
	/** As `acts` name them. */
	changed_by: string;
}

/** What holds now: what was changed, else the defaults. */
export async function readSettings(db: Connection): Promise<Settings> {
	const rows = await db.rows<{ settings: Partial<Settings> | null }>('SELECT jsonb_object_agg(name, value) AS settings FROM settings');
	return { ...DEFAULT_SETTINGS, ...rows[0]!.settings };
}

/** Who changed what last; settings that nobody has changed are not in it. */
export async function changedSettings(db: Connection): Promise<Changed[]> {
	return await db.rows('SELECT name, value, changed_at, changed_by FROM settings ORDER BY name');
}

/** Writes settings, checked before; null: nobody has changed it any more. Journeys that name no zone go by the new one at once. */
export async function writeSettings(db: Connection, changes: Partial<Settings>, who: string): Promise<void> {
	await db.rows(
		`WITH emptied AS (DELETE FROM settings USING jsonb_each($1::jsonb) WHERE name = key AND jsonb_each.value = 'null')
		 INSERT INTO settings (name, value, changed_at, changed_by) SELECT key, value, $2, $3 FROM jsonb_each($1::jsonb) WHERE value <> 'null'
		 ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = $2, changed_by = $3`,
		[JSON.stringify(changes), db.now, who],
	);
	if (changes.zone !== undefined) await db.rows('UPDATE journeys SET zone = coalesce($1, n8n_zone) WHERE n8n_zone IS NOT NULL', [changes.zone]);
}
