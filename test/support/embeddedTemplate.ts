import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { dependencies } from '../../package.json';
import { openStore } from '../../lib/run/openStore';
import { temporaryFolder } from './guard';

const MIGRATIONS = join(__dirname, '../../lib/store/migrations');

/** Always the same, since it makes the months: whose test comes first does not matter. */
const MADE_AT = new Date('2026-03-02T10:00:00Z');

/** Names the state of a store that has just been made: the database's version and every migration. */
function stateName(): string {
	const hash = createHash('sha256').update(dependencies['@electric-sql/pglite']).update(MADE_AT.toISOString());
	for (const file of readdirSync(MIGRATIONS).sort()) hash.update(readFileSync(join(MIGRATIONS, file)));
	return hash.digest('hex').slice(0, 16);
}

/**
 * Fills a folder with an embedded store in which nothing has happened yet. Making one takes seconds, so it is made once
 * and copied.
 */
export async function copyEmptyStore(folder: string, schema: string): Promise<void> {
	const template = join(tmpdir(), `journey-empty-store-${stateName()}`);
	if (!existsSync(template)) {
		const making = temporaryFolder('journey-empty-store-making');
		const store = await openStore({ folder: making, schema, clock: () => MADE_AT });
		await store.close();
		try {
			renameSync(making, template);
		} catch {
			// Another test was quicker; its template is as good.
		}
	}
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	cpSync(join(template, 'pg'), join(folder, 'pg'), { recursive: true });
}
