import { readdirSync, readFileSync } from 'node:fs';

import type { Store } from '../../lib/store/types';
import type { N8n } from '../support/n8n';

const TICKS_A_SECOND = 100;

/** CPU time used so far, in seconds, by who used it. On a noisy machine it says more than the clock on the wall. */
export interface Cpu {
	n8n: number;
	postgres: number;
	/** This process: whoever sends the events. */
	sender: number;
}

/** Samples the three. @param store any store on the server */
export async function cpu(n8n: N8n, store: Store): Promise<Cpu> {
	const [row] = await store.tx(async (db) => await db.rows<{ pid: number }>('SELECT pg_backend_pid() AS pid'));
	const { parent: postmaster } = stat(row!.pid)!;
	const servers = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => stat(Number(pid))).filter((one) => one?.parent === postmaster);
	return {
		n8n: cpuOf(n8n.pid),
		postgres: servers.reduce((sum, one) => sum + one!.own, stat(postmaster)!.children),
		sender: cpuOf(process.pid),
	};
}

/** CPU time that one process has used so far, in seconds. */
export const cpuOf = (pid: number) => stat(pid)!.own;

/** "n8n 80 µs, Postgres 90 µs, sender 20 µs: 190 µs" for one of `count` things done between two samples. */
export function cpuEach(before: Cpu, after: Cpu, count: number): { words: string; micros: number } {
	const each = (name: keyof Cpu) => Math.round(((after[name] - before[name]) * 1e6) / count);
	const micros = each('n8n') + each('postgres') + each('sender');
	return { words: `n8n ${each('n8n')} + Postgres ${each('postgres')} + sender ${each('sender')} = ${micros} µs`, micros };
}

function stat(pid: number): { parent: number; own: number; children: number } | undefined {
	try {
		const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
		const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
		return { parent: fields[1]!, own: (fields[11]! + fields[12]!) / TICKS_A_SECOND, children: (fields[13]! + fields[14]!) / TICKS_A_SECOND };
	} catch {
		return undefined; // it has ended meanwhile
	}
}
