import type { Overseen, Overview } from '../overview';
import { html, type Html, type Inner } from './html';
import { link } from './links';
import { ago, count, span } from './words';

/** Every journey, and how everything is. @param notices what the store has to say */
export function overviewPage({ at, journeys, health, pause, sendingPaused }: Overview, notices: string[]): Html {
	const inside = journeys.reduce((sum, one) => sum + one.inside, 0);
	const held = journeys.reduce((sum, one) => sum + one.overdue, 0) - health.overdue;
	const shown = journeys.filter(({ state }) => state !== 'archived');
	const archived = journeys.filter(({ state }) => state === 'archived');
	return html`<div class="title"><h1>Journeys</h1></div>
${healthNotice([...notices, ...health.warnings], pause !== null || sendingPaused)}
<dl class="figures">
${figure('Inside now', count(inside))}
${figure('Overdue', count(health.overdue), health.overdue > 0 && 'late', late(health, held))}
${figure('Given up', count(health.failed), health.failed > 0 && 'bad', 'in 24 hours')}
${figure('Unknown messages', count(health.unknownMessages), health.unknownMessages > 0 && 'doubt')}
${figure('Last event', health.lastEventAt ? ago(health.lastEventAt, at) : 'none')}
</dl>
${table('Journeys', shown, at)}
${archived.length > 0 && html`<h2>Archived</h2>${table('Archived journeys', archived, at)}`}`;
}

/** Health looks past journeys that are paused. */
function late({ latenessSeconds }: Overview['health'], held: number): string | false {
	const parts = [latenessSeconds > 0 && `the longest by ${span(latenessSeconds)}`, held > 0 && `${count(held)} more in paused journeys`];
	return parts.filter(Boolean).join(', ') || false;
}

function healthNotice(warnings: string[], held: boolean): Html {
	if (warnings.length === 0) return html`<div class="notice good" role="status"><strong>Everything is running.</strong> Nobody is late, nobody was given up, and no message is in doubt.</div>`;
	return html`<div class="notice ${held ? 'bad' : 'late'}" role="alert"><strong>${warnings.length === 1 ? 'Something needs a look' : `${warnings.length} things need a look`}</strong><ul>${warnings.map((one) => html`<li>${one}</li>`)}</ul></div>`;
}

/** A number with its name. */
export function figure(name: string, value: Inner, tone: string | false = false, more: Inner = false): Html {
	return html`<div><dt>${name}</dt><dd class="${tone}">${value}${more && html`<small>${more}</small>`}</dd></div>`;
}

/** A journey's state in its colour. */
export function statePill({ state }: Pick<Overseen, 'state'>): Html {
	return html`<span class="pill ${state}">${state[0]!.toUpperCase() + state.slice(1)}</span>`;
}

/** A cell with a number, coloured unless it is zero. */
export function cell(name: string, value: number, tone = ''): Html {
	return html`<td class="number ${value > 0 ? tone : 'none'}" data-name="${name}">${count(value)}</td>`;
}

function table(caption: string, journeys: Overseen[], at: Date): Html {
	if (journeys.length === 0) return html`<div class="card"><p class="nothing">No journey yet: publish a workflow that begins with a Journey Entry Trigger, and it is here.</p></div>`;
	return html`<div class="card scroll"><table class="stack" aria-label="${caption}"><thead><tr><th>Journey</th><th>State</th><th class="number">Inside</th><th class="number">Waiting</th><th class="number" title="Due for more than a minute">Overdue</th><th class="number" title="After repeated errors, in the last 30 days">Given up</th><th class="number" title="Messages of which nobody knows whether they were sent">Unknown</th><th title="The newest of a name that it listens to, among the newest thousand">Last event</th></tr></thead><tbody>
${journeys.map((one) => html`<tr><td class="first"><a class="name" href="${link({ journey: one.key })}"><bdi>${one.name}</bdi></a>${one.key !== one.name && html`<small><bdi>${one.key}</bdi></small>`}</td>
<td class="first">${statePill(one)}${one.state !== 'live' && html`<small>${one.because}</small>`}</td>
${cell('Inside', one.inside)}${cell('Waiting', one.waiting)}${cell('Overdue', one.overdue, 'late')}${cell('Given up', one.failed, 'bad')}${cell('Unknown', one.unknownMessages, 'doubt')}
<td class="${one.lastEventAt ? '' : 'none'}" data-name="Last event">${one.lastEventAt ? ago(one.lastEventAt, at) : '–'}</td></tr>`)}
</tbody></table></div>`;
}
