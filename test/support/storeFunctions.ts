import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** They copy whole tables, or are about the store and nobody in it. */
const ABOUT_THE_STORE = ['acts.ts', 'archive.ts', 'pause.ts', 'secrets.ts', 'settings.ts', 'status.ts'];

/** The other functions of `lib/store` that run a statement. */
export function storeFunctions(): string[] {
	const folder = join(__dirname, '../../lib/store');
	return readdirSync(folder).filter((file) => file.endsWith('.ts') && !ABOUT_THE_STORE.includes(file)).flatMap((file) =>
		[...readFileSync(join(folder, file), 'utf8').matchAll(/export async function (\w+)(?:<[^>]*>)?\(\s*db: Connection/g)].map(([, name]) => name!));
}
