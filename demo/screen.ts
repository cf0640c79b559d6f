import Table from 'cli-table3';
import type { Counts } from '../lib/report/counts';

const sum = (numbers: Record<string, number>) => Object.values(numbers).reduce((total, one) => total + one, 0);
const said = (numbers: Record<string, number>) => Object.entries(numbers).map(([name, count]) => `${name.replaceAll('_', ' ')} ${count}`).join(', ');

/** A journey's numbers as a table. */
export function tableOf(counts: Counts, words: string): string {
	const table = new Table({ head: ['Step', 'Waiting', 'Sent', 'Failed', 'Unknown', 'Skipped and why'], style: { head: [], border: [] }, colWidths: [26, 10, 8, 9, 10, 44], wordWrap: true });
	const steps = [...new Set([...counts.inside, ...counts.messages].map(({ step }) => step))].sort();
	for (const step of steps) {
		const here = counts.inside.find((one) => one.step === step);
		const mail = counts.messages.find((one) => one.step === step);
		table.push([step, (here?.waiting ?? 0) + (here?.running ?? 0) || '', mail?.sent ?? '', mail?.failed || '', mail?.unknown || '', mail ? said(mail.skipped) : '']);
	}
	if (steps.length === 0) table.push(['nobody is here yet', '', '', '', '', '']);
	const inside = counts.inside.reduce((total, { waiting, running }) => total + waiting + running, 0);
	const bought = counts.converted.map(({ people, value, currency }) => `${people} people, ${value} ${currency}`).join('; ') || 'nobody yet';
	return [
		words,
		table.toString(),
		`Entered ${counts.entered.people} · inside ${inside} · left ${sum(counts.ended)}${sum(counts.ended) > 0 ? ` (${said(counts.ended)})` : ''}`,
		`Converted: ${bought}${sum(counts.refused) > 0 ? ` · not let in again: ${said(counts.refused)}` : ''}`,
	].join('\n');
}

/** Draws over what it drew before; where there is no terminal, only what is to stay is printed. */
export class Screen {
	private lines = 0;

	draw(text: string): void {
		if (!process.stdout.isTTY) return;
		process.stdout.write(`${this.erased()}${text}\n`);
		this.lines = text.split('\n').length;
	}

	/** Something that is not drawn over. */
	print(text: string): void {
		process.stdout.write(`${this.erased()}${text}\n`);
		this.lines = 0;
	}

	private erased(): string {
		return this.lines > 0 ? `\x1b[${this.lines}A\x1b[J` : '';
	}
}
