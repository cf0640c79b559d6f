import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { inAGap, LOCK_NOT_AVAILABLE, sleep } from './gap';
import { statements } from './statements';
import { FOUND_SCHEMA, schemaName, type DatabaseError, type FoundSchema } from './transaction';
import { StoreError, type Store } from './types';

interface Migration {
	version: number;
	name: string;
	sql: string;
}

const FOLDER = join(__dirname, 'migrations');
const OLDEST_SERVER = 150_000;

/** The numbered files of `migrations/`, in order. */
export function migrations(): Migration[] {
	return readdirSync(FOLDER)
		.filter((file) => /^\d{3}_\w+\.sql$/.test(file))
		.sort()
		.map((file) => ({
			version: Number(file.slice(0, 3)),
			name: file.slice(4, -4),
			sql: readFileSync(join(FOLDER, file), 'utf8'),
		}));
}

/**
 * Brings the schema up to date: one transaction a migration, the version row first, under a lock, so that two
 * processes that start together do it once.
 *
 * @param upTo the last one to apply; 0: none, and the schema is left as it is found
 * @returns the schema as it is then; undefined when it was left as it was found
 * @throws StoreError when the schema was made by a newer version of the pack, the server is older than Postgres 15, or
 * somebody reads the store for longer than half a minute
 */
export async function migrate(tx: Store['tx'], schema: string, upTo = Infinity, pause = sleep): Promise<FoundSchema | undefined> {
	await tx(async (db) => {
		const [server] = await db.rows<{ version: number }>("SELECT current_setting('server_version_num')::int AS version");
		if (server!.version < OLDEST_SERVER) {
			throw new StoreError(`Journey Store: the server is Postgres ${Math.floor(server!.version / 10_000)}. Use Postgres 15 or newer.`);
		}
	});
	const known = migrations();
	const wanted = known.filter(({ version }) => version <= upTo);
	for (const migration of wanted) {
		await inAGap({ tx }, async (db) => {
			await db.rows("SELECT pg_advisory_xact_lock(hashtext('n8n-nodes-journey migrations'), hashtext($1))", [schema]);
			// Asking first spares a user who may not create schemas the right to do so once it is there.
			const [found] = await db.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
			if (!found) await db.rows(`CREATE SCHEMA ${schemaName(schema)}`);
			await db.rows('CREATE TABLE IF NOT EXISTS migrations (version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)');
			const [newest] = await db.rows<{ version: number | null }>('SELECT max(version) AS version FROM migrations');
			const version = newest?.version ?? 0;
			const newestKnown = known.at(-1)!.version;
			if (version > newestKnown) {
				throw new StoreError(
					`Journey Store: schema "${schema}" has version ${version}, made by a newer n8n-nodes-journey; this one knows ${newestKnown}. Update the package in this n8n, or name another schema.`,
				);
			}
			if (version >= migration.version) return;
			// Every transaction of a process that works with the schema as it was has read this table: wait for them, and
			// let later ones see the new version before they do anything.
			await db.rows("SET LOCAL lock_timeout = '500ms'");
			await db.rows('LOCK TABLE migrations IN ACCESS EXCLUSIVE MODE');
			await db.rows('INSERT INTO migrations VALUES ($1, $2, $3)', [migration.version, migration.name, db.now]);
			for (const statement of statements(migration.sql)) await db.rows(statement);
		}, pause).catch((error: DatabaseError) => {
			if (error.code !== LOCK_NOT_AVAILABLE) throw error;
			throw new StoreError(
				`Journey Store: schema "${schema}" must be migrated to version ${migration.version}, but something has been reading it for longer than that can wait: a backup (of this package, or pg_dump), or another long transaction; pg_stat_activity lists it. n8n tries again by itself; a command is to be given again when it is through.`,
				{ cause: error },
			);
		});
	}
	const version = wanted.at(-1)?.version;
	if (version === undefined) return undefined;
	// Not the version that is found: a newer process may have been here already.
	return await tx(async (db) => ({ ...(await db.rows<FoundSchema>(`SELECT ${FOUND_SCHEMA}`))[0]!, version }));
}
