import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

import Table from 'cli-table3';

/** One figure of a run. */
export interface Figure {
	what: string;
	measured: string;
	/** From the table of goals. */
	goal?: string;
	/** What it is compared with, measured in the same run, and the ratio. */
	against?: string;
}

interface Section {
	title: string;
	figures: Figure[];
}

const repository = join(__dirname, '..', '..');
const folder = join(repository, '.tmp');
const sections = join(folder, 'bench.jsonl');
const page = join(repository, 'docs', 'benchmarks.md');
const [BEGIN, END] = ['<!-- the table of `npm run bench` begins -->', '<!-- the table of `npm run bench` ends -->'];

const figures: Figure[] = [];

/** Adds a figure to this file's part of the table. */
export function figure(one: Figure): void {
	figures.push(one);
}

/** Prints what a file has measured, and keeps it for the whole run's table. */
export function printTable(title: string): void {
	const section: Section = { title, figures: figures.splice(0) };
	appendFileSync(sections, `${JSON.stringify(section)}\n`);
	process.stdout.write(`${drawn([section])}\n`);
}

/** Forgets the run before. */
export function beginRun(): void {
	mkdirSync(folder, { recursive: true });
	rmSync(sections, { force: true });
}

/** Prints the table of the whole run. A run of everything also goes into docs/benchmarks.md. */
export function endRun(everything: boolean): void {
	if (!existsSync(sections)) return;
	const all = readFileSync(sections, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Section);
	process.stdout.write(`\n${machine()}\n${drawn(all)}\n`);
	if (!everything) return;
	const text = readFileSync(page, 'utf8');
	const [before, after] = [text.slice(0, text.indexOf(BEGIN) + BEGIN.length), text.slice(text.indexOf(END))];
	writeFileSync(page, `${before}\n\n${machine()}\n\n${written(all)}\n${after}`);
}

/** What one core is worth at the moment, in MB/s: machines of the same name differ from day to day. */
function hashes(): number {
	const block = Buffer.alloc(64 * 2 ** 20);
	const speeds = [1, 2, 3, 4, 5].map(() => {
		const began = performance.now();
		createHash('sha256').update(block).digest();
		return (block.length * 1000) / (performance.now() - began) / 2 ** 20;
	});
	return Math.round(quantile(speeds, 0.5));
}

export const machine = () => `${cpus().length} × ${cpus()[0]?.model.trim()}, one core hashes ${hashes()} MB/s (SHA-256) at the end of the run, ${Math.round(totalmem() / 2 ** 30)} GiB, everything on it. ${process.env.BENCH_SERVER}, with fsync and synchronous_commit on; the embedded store as shipped (fsync off).`;

function drawn(all: Section[]): string {
	const table = new Table({ head: ['figure', 'this run', 'goal', 'against, in the same run'], style: { head: [], border: [] }, colWidths: [56, 44, 18, 40], wordWrap: true });
	for (const { title, figures: rows } of all) {
		table.push([{ colSpan: 4, content: title }]);
		for (const { what, measured, goal = '', against = '' } of rows) table.push([what, measured, goal, against]);
	}
	return table.toString();
}

function written(all: Section[]): string {
	return all.map(({ title, figures: rows }) => [
		`**${title}**`, '', '| figure | this run | goal | against, in the same run |', '|---|---|---|---|',
		...rows.map(({ what, measured, goal = '', against = '' }) => `| ${what} | ${measured} | ${goal} | ${against.replace(/\n/g, '<br>')} |`), '',
	].join('\n')).join('\n');
}

export function quantile(values: number[], part: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

export const perSecond = (count: number, ms: number) => `${Math.round((count * 1000) / ms).toLocaleString('en')}/s`;
