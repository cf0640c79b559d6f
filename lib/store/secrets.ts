import type { Connection } from './types';

/** What is signed with a secret of its own. */
export type SecretName = 'status page';

/** The secret, if one was ever made. */
export async function readSecret(db: Connection, name: SecretName): Promise<string | undefined> {
	const [row] = await db.rows<{ secret: string }>('SELECT secret FROM secrets WHERE name = $1', [name]);
	return row?.secret;
}

/** The secret: the one that there is, else this new one. */
export async function keepSecret(db: Connection, name: SecretName, fresh: string): Promise<string> {
	await db.rows('INSERT INTO secrets (name, secret, made_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [name, fresh, db.now]);
	return (await readSecret(db, name))!;
}

/** Forgets the secret: nothing that was signed with it is valid any more. @returns false when there was none */
export async function forgetSecret(db: Connection, name: SecretName): Promise<boolean> {
	return (await db.rows('DELETE FROM secrets WHERE name = $1 RETURNING 1', [name])).length > 0;
}
