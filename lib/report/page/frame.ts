import { KIND_NAMES } from '../../core/customerData';
import { IDENTITY_KINDS, type Identity } from '../../core/types';
import { html, Html } from './html';
import { link, type Address } from './links';
import { STYLE } from './style';
import { utc } from './words';

/** How often a page loads itself again. */
const EVERY_SECONDS = 15;
const MARK = new Html('<svg width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="5" cy="12" r="2.500"/><circle cx="19" cy="6" r="2.500"/><circle cx="19" cy="18" r="2.500"/><path d="M7.500 12H10c4 0 2-6 6.500-6M10 12c4 0 2 6 6.500 6"/></svg>');

/** What stands around the content of a page. */
export interface Frame {
	title: string;
	/** Of the page itself. */
	here: Address;
	/** Loads itself again. */
	live: boolean;
	at: Date;
	/** Until when the link is valid. */
	until: Date;
	/** Whether customers may be looked up. */
	customers: boolean;
}

/** A whole page. */
export function framed({ title, here, live, at, until, customers }: Frame, content: Html): string {
	const refresh = live && !here.still;
	return document(title, html`${refresh && html`<meta http-equiv="refresh" content="${EVERY_SECONDS}">`}`, html`<header><div class="bar">
<a class="brand" href="${link({})}">${MARK}Journeys</a>
${customers && search(here.customer)}
</div></header>
<main>${content}</main>
<footer><span>As of ${utc(at)}</span>
${live && html`<span>${refresh ? `Updates every ${EVERY_SECONDS} seconds` : 'Does not update by itself'} · <a href="${link({ ...here, still: refresh })}">${refresh ? 'Stop' : 'Update'}</a></span>`}
<span>This link is valid until ${utc(until)}</span></footer>`);
}

/** A page that says one thing, and loads nothing. @param next where it leads at once */
export function alone(title: string, words: Html, next?: string): string {
	return document(title, html`${next !== undefined && html`<meta http-equiv="refresh" content="0;url=${next}">`}`, html`<main class="alone"><div class="card"><h1>${title}</h1>${words}</div></main>`);
}

function document(title: string, head: Html, body: Html): string {
	return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow"><meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">${head}<style>${new Html(STYLE)}</style></head>
<body>${body}</body></html>
`.markup;
}

function search(found: Identity | undefined): Html {
	return html`<form method="get" action="${link({})}" role="search">
<select name="kind" aria-label="Identity">${IDENTITY_KINDS.map((kind) => html`<option value="${kind}"${found?.kind === kind && html` selected`}>${KIND_NAMES[kind]}</option>`)}</select>
<input name="value" required maxlength="255" placeholder="Find a customer" aria-label="Find a customer" autocomplete="off" value="${found?.value ?? ''}"><button>Find</button></form>`;
}
