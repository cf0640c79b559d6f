import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CanvasRunner, Happening } from './canvasRunner';
import type { WorkflowJson } from './headless/host';

const FOLDER = join(__dirname, '../../examples');

/** Names of all examples, as their files are called. */
export const EXAMPLES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, '')).sort();

/** A note or node of an example, with all that n8n's export has of it. */
export interface ExampleNode {
	id: string;
	name: string;
	type: string;
	typeVersion: number;
	position: [number, number];
	parameters: Record<string, unknown>;
	[setting: string]: unknown;
}

/** A whole example. */
export interface Example extends WorkflowJson {
	nodes: ExampleNode[];
	settings: object;
	pinData: object;
}

/** An example as a user imports it. */
export function example(name: string): Example {
	return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Example;
}

/** Somebody with an email address that may be used, and what else is known of them. */
export function known(who: string, attributes: object = {}, more: Partial<Happening> & { zone?: string; consent?: object } = {}): Happening {
	const { zone, consent = { email: 'granted' }, ...rest } = more;
	const email = `${who}@example.com`;
	return { who, email, change: { attributes: { email, first_name: who, ...attributes }, consent: consent as never, ...(zone && { zone }) }, ...rest };
}

/** All mails in the order of their time, then of their addresses: `03-04 10:00 customer-1: Welcome`, in UTC. */
export function letters(run: CanvasRunner): string[] {
	return run.mails
		.map(({ at, to, subject }) => `${at.toISOString().slice(5, 16).replace('T', ' ')} ${to.replace('@example.com', '')}: ${subject}`)
		.sort();
}

/** Who has this tag. */
export async function tagged(run: CanvasRunner, tag: string): Promise<string[]> {
	const rows = await run.store.tx(async (db) => await db.rows<{ who: string }>(
		`SELECT value AS who FROM identities JOIN profiles p ON p.id = profile_id WHERE kind = 'user_id' AND $1 = ANY (p.tags) ORDER BY 1`, [tag],
	));
	return rows.map(({ who }) => who);
}

/** How many have left by *Converted*, and what they were worth, by goal. */
export async function conversions(run: CanvasRunner): Promise<string[]> {
	const rows = await run.store.tx(async (db) => await db.rows<{ line: string }>(
		`SELECT concat_ws(' ', i.value, c.value, c.currency) AS line FROM conversions c JOIN identities i USING (profile_id) WHERE i.kind = 'user_id' ORDER BY 1`,
	));
	return rows.map(({ line }) => line);
}
