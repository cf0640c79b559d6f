import { html, type Html } from './html';

/** A whole number as it is read: 1,204,332. */
export function count(value: number): string {
	return value.toLocaleString('en-US');
}

/** A number that has little room: 1.2M. */
export function short(value: number): string {
	return value < 10_000 ? count(value) : Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

const STEPS: Array<[unit: string, seconds: number]> = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]];

/** How long something takes, in its largest unit. */
export function span(seconds: number): string {
	const [unit, size] = STEPS.find(([, each]) => seconds >= each) ?? ['s', 1];
	return `${Math.floor(seconds / size)} ${unit}`;
}

/** `2026-03-02 10:00:03 UTC` */
export function utc(at: Date): string {
	return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** How long ago something was, with the moment itself behind it. */
export function ago(at: Date, now: Date): Html {
	const seconds = Math.max(0, Math.round((+now - +at) / 1_000));
	return html`<time datetime="${at.toISOString()}" title="${utc(at)}">${seconds < 1 ? 'just now' : `${span(seconds)} ago`}</time>`;
}
