import { cpus, totalmem } from 'node:os';

import Table from 'cli-table3';

/** One figure of a run. */
export interface Figure {
	what: string;
	measured: string;
	goal?: string;
	against?: string;
}

const figures: Figure[] = [];

/** Adds a figure to this run's table. */
export function figure(one: Figure): void {
	figures.push(one);
}

/** Prints what was measured so far, with the machine and the durability settings. */
export function printTable(title: string): void {
	const table = new Table({ head: ['figure', 'this run', 'goal', 'measured in the same run'] });
	for (const { what, measured, goal = '', against = '' } of figures.splice(0)) table.push([what, measured, goal, against]);
	const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, everything on it; Postgres with fsync and synchronous_commit on`;
	process.stdout.write(`\n${title}\n${machine}\n${table.toString()}\n`);
}

export function quantile(values: number[], part: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

export const perSecond = (count: number, ms: number) => `${Math.round((count * 1000) / ms).toLocaleString('en')}/s`;
