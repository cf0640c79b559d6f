import type { JourneyMap, StepNow } from '../journeyMap';
import { drawing } from './drawing';
import { html, type Html } from './html';
import { link } from './links';
import { cell, figure, statePill } from './overviewPage';
import { ago, count } from './words';

const KINDS: Record<StepNow['kind'], string> = { entry: 'Entry Trigger', audience: 'Audience Filter', state: 'State', branch: 'Branch', action: 'Action', goal: 'Conversion Goal' };

/** One journey: its canvas with who is where, and the same as a table. */
export function journeyPage(map: JourneyMap): Html {
	const { journey, at, lastEventAt, steps } = map;
	const sum = (what: 'waiting' | 'running' | 'outside') => steps.reduce((total, one) => total + one[what], 0);
	return html`<p class="crumb"><a href="${link({})}">← All journeys</a></p>
<div class="title"><h1><bdi>${journey.name}</bdi></h1>${statePill(journey)}</div>
<p class="under"><bdi>${journey.key}</bdi> · ${journey.because}${journey.since && html`, since ${ago(journey.since, at)}`}</p>
<dl class="figures">
${figure('Waiting', count(sum('waiting')))}${figure('On the way', count(sum('running')))}
${sum('outside') > 0 && figure('To be let in', count(sum('outside')))}
${figure('Overdue', count(journey.overdue), journey.overdue > 0 && 'late')}
${figure('Given up', count(journey.failed), journey.failed > 0 && 'bad', 'in 30 days')}
${figure('Unknown messages', count(journey.unknownMessages), journey.unknownMessages > 0 && 'doubt')}
${figure('Last event', lastEventAt ? ago(lastEventAt, at) : '–')}
</dl>
${drawing(map)}
${map.canvas && legend()}
<h2>Steps</h2>
${table(steps)}`;
}

function legend(): Html {
	return html`<ul class="legend"><li><i class="overdue"></i>overdue: due for more than a minute</li><li><i class="failed"></i>given up after repeated errors</li><li><i class="unknown"></i>messages of which nobody knows whether they were sent</li><li><i class="outside"></i>to be let in</li></ul>`;
}

function table(steps: StepNow[]): Html {
	if (steps.length === 0) return html`<div class="card"><p class="nothing">No step of it has been seen yet.</p></div>`;
	return html`<div class="card scroll"><table class="stack short" aria-label="Steps"><thead><tr><th>Step</th><th class="number">Waiting</th><th class="number">On the way</th><th class="number">Overdue</th><th class="number">Given up</th><th class="number">Unknown</th><th class="number">To be let in</th></tr></thead><tbody>
${steps.map((one) => html`<tr><td class="first"><span class="name"><bdi>${one.name}</bdi></span><small>${KINDS[one.kind]}${!one.drawn && ' · no longer on this canvas'}</small></td>
${cell('Waiting', one.waiting)}${cell('On the way', one.running)}${cell('Overdue', one.overdue, 'late')}${cell('Given up', one.failed, 'bad')}${cell('Unknown', one.unknown, 'doubt')}${cell('To be let in', one.outside)}</tr>`)}
</tbody></table></div>`;
}
