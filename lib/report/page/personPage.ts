import { KIND_NAMES } from '../../core/customerData';
import type { Identity } from '../../core/types';
import type { Told } from '../explain';
import type { Part, Person } from '../person';
import { html, type Html } from './html';
import { link } from './links';
import { count, utc } from './words';

/** Kinds of sentences that stand out. */
const TONES: Record<string, string> = { waiting: 'now', running: 'now', candidate: 'now', failed: 'bad', refused: 'bad', unknown: 'bad', converted: 'good', sent: 'good' };

/** Of the identities of one customer: a browser that forgets brings a new one each day. */
const MOST_SHOWN = 25;

/** A customer: who they are, and what happened to them in each journey, and why. */
export function personPage(identity: Identity, { customer, stories }: Person, part: Part): Html {
	return html`<p class="crumb"><a href="${link({})}">← All journeys</a></p>
<div class="title"><h1><bdi>${identity.value}</bdi></h1></div>
<p class="under">Customer, found by ${KIND_NAMES[identity.kind]}</p>
<div class="card">${facts(customer)}</div>
${stories.length === 0 && html`<h2>Journeys</h2><div class="card"><p class="nothing">No journey knows anything of them: no event of theirs has matched an Entry Trigger while it was published.</p></div>`}
${stories.map((one) => html`<h2><a href="${link({ journey: one.key })}"><bdi>${one.name}</bdi></a></h2>
<div class="card">${one.told.length > 0 ? html`<ol class="story">${one.told.map(sentence)}</ol>` : html`<p class="nothing">Nothing older is on record.</p>`}${pages(identity, one, part)}</div>`)}`;
}

/** Nobody was found. */
export function nobodyPage(problem: string): Html {
	return html`<p class="crumb"><a href="${link({})}">← All journeys</a></p><div class="title"><h1>Nobody found</h1></div><div class="card"><p class="nothing">${problem}</p></div>`;
}

function facts({ profile, identities, consent }: Person['customer']): Html {
	const attributes = Object.keys(profile.attributes).length;
	return html`<dl class="facts">
${identities.slice(0, MOST_SHOWN).map(({ kind, value }) => html`<dt>${KIND_NAMES[kind]}</dt><dd><bdi>${value}</bdi></dd>`)}
${identities.length > MOST_SHOWN && html`<dt></dt><dd>and ${count(identities.length - MOST_SHOWN)} more</dd>`}
<dt>Time zone</dt><dd>${profile.zone ?? 'not known'}</dd>
<dt>Consent</dt><dd>${Object.keys(consent).length === 0 ? 'not known' : Object.entries(consent).map(([channel, { state, at }]) => html`<span class="tag">${channel}: ${state}, since ${at.slice(0, 10)}</span>`)}</dd>
${profile.tags.length > 0 && html`<dt>Tags</dt><dd>${profile.tags.map((tag) => html`<span class="tag">${tag}</span>`)}</dd>`}
</dl>${attributes > 0 && html`<details><summary>${attributes} ${attributes === 1 ? 'attribute' : 'attributes'}</summary><pre>${JSON.stringify(profile.attributes, null, 2)}</pre></details>`}`;
}

/** Its time stands in front of it in a line of its own. */
function sentence({ at, sentence: said, kind }: Told): Html {
	const words = said.slice(said.indexOf(' — ') + 3);
	return html`<li class="${TONES[kind] ?? ''}"><time datetime="${at}">${utc(new Date(at))}</time>${words}</li>`;
}

function pages(customer: Identity, { key: journey, more }: Person['stories'][number], { limit, skip }: Part): Html | false {
	if (!more && skip === 0) return false;
	const newer = skip > 0 && html`<a href="${link({ customer, journey, skip: Math.max(0, skip - limit) })}">← Newer</a>`;
	const older = more && html`<a href="${link({ customer, journey, skip: skip + limit })}">Older →</a>`;
	return html`<nav class="pages" aria-label="Pages of the story"><span>${newer}</span><span>${older}</span></nav>`;
}
