import { createHash } from 'node:crypto';

import { readIdentity } from '../../core/customerData';
import { Refusal } from '../../core/segment/refusal';
import { looksSigned, readLink } from '../../core/signedLink';
import { isStatusScope, type StatusScope } from '../../core/statusScope';
import type { Identity } from '../../core/types';
import { StoreError, type Store } from '../../store/types';
import { journeyMap } from '../journeyMap';
import { overview } from '../overview';
import { person, type Part } from '../person';
import { alone, framed, type Frame } from './frame';
import { html, type Html } from './html';
import { journeyPage } from './journeyPage';
import { KeptSecret } from './keptSecret';
import { Lately } from './lately';
import { link, type Address } from './links';
import { overviewPage } from './overviewPage';
import { nobodyPage, personPage } from './personPage';
import { STYLE_HASH } from './style';

/** A request for the status page. */
export interface PageRequest {
	/** `open`: a link was followed; its query brings the token. */
	page: 'status' | 'open';
	query: Record<string, unknown>;
	cookie: string | undefined;
	/** It came by HTTPS. */
	secure: boolean;
}

/** What the page lives by besides the store. */
export interface PageSources {
	/** Takes one request of a sender. @returns after how many seconds to come back; 0: go on */
	take: (sender: string, perMinute: number) => Promise<number>;
	/** What the store has to say to an operator. */
	notices: () => Promise<string[]>;
}

export interface PageAnswer {
	status: number;
	headers: Record<string, string>;
	body: string;
}

interface Visit {
	now: Date;
	scope: StatusScope;
	until: Date;
}

const COOKIE = 'journey_status';
const PER_MINUTE = { link: 120, refused: 60 };
const LEAST_KEPT_MS = 3_000;
const SENTENCES = { newest: 10, page: 50 };
const MOST_SKIPPED = 1_000_000;

/** Nothing from elsewhere, no script at all, in nobody's frame, in no cache, and no address told to anybody. */
const HEADERS = {
	'Content-Type': 'text/html; charset=utf-8',
	'Content-Security-Policy': `default-src 'none'; style-src ${STYLE_HASH}; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff',
	'X-Frame-Options': 'DENY',
	'X-Robots-Tag': 'noindex, nofollow',
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'Cache-Control': 'no-store',
};

/** What a process remembers of a store for a few seconds. */
interface Memory {
	secret: KeptSecret;
	lately: Lately;
}

const memories = new WeakMap<Store, Memory>();

/**
 * The status page, for who follows a signed link that is valid: everything about journeys that an operator reads, and
 * nothing to change. The link's token moves into a cookie, so that it stays in no address.
 *
 * 200 · 403 no link, or not a valid one · 404 no such journey · 429 too many requests
 *
 * @throws whatever is to be told by `failedPage`
 */
export async function statusPage(store: Store, sources: PageSources, request: PageRequest): Promise<PageAnswer> {
	const memory = memories.get(store) ?? { secret: new KeptSecret(store), lately: new Lately(LEAST_KEPT_MS) };
	memories.set(store, memory);
	const token = request.page === 'open' ? textOf(request.query.link) : cookieOf(request.cookie);
	const visit = token !== undefined && looksSigned(token) ? await visitBy(memory.secret, token) : undefined;
	const sender = visit ? `status page ${createHash('sha256').update(token!).digest('base64url').slice(0, 16)}` : 'status page, refused';
	const seconds = await sources.take(sender, visit ? PER_MINUTE.link : PER_MINUTE.refused);
	if (seconds > 0) return answer(429, alone('Too many requests', html`<p>Come back in ${seconds} seconds.</p>`), { 'Retry-After': String(seconds) });
	if (!visit) return refused();
	if (request.page === 'open') return opened(token!, visit, request.secure);
	return await shown(store, memory.lately, sources, visit, request.query);
}

/** What is said of an error, in whose place it belongs: the store is away, or the page has a fault. The log says which. */
export function failedPage(error: unknown): PageAnswer {
	if (isFault(error)) return answer(500, alone('This page has a fault', html`<p>It could not be made, and loading it again will not help. Journeys are not touched by it, and the store answers.</p><p>n8n’s log says what went wrong: please report it.</p>`));
	return answer(503, alone('The store cannot be reached', html`<p>Journeys wait in it, and are safe. Load this page again in a moment; n8n’s log says why.</p>`), { 'Retry-After': '5' });
}

/** An error of the program: a statement that the store did not understand is one too (SQLSTATE 22 and 42). */
function isFault(error: unknown): boolean {
	if ([TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind)) return true;
	return /^(22|42)[0-9A-Z]{3}$/.test(String((error as { code?: unknown } | undefined)?.code));
}

/** The address ends in a slash, which n8n overlooks and links on the page would not. @param search its query, as it came */
export function withoutSlash(page: PageRequest['page'], search: string): PageAnswer {
	return answer(307, alone('The address has a slash too many', html`<p>It is the same without the slash at its end.</p>`), { Location: `../${page}${search}` });
}

/** What the test URL says. */
export function testPage(): PageAnswer {
	return answer(404, alone('This is the test URL', html`<p>The status page is at the production URL, while the workflow is published.</p>`));
}

async function visitBy(kept: KeptSecret, token: string): Promise<Visit | undefined> {
	const { secret, now } = await kept.get();
	const grant = secret === undefined ? undefined : readLink(secret, token, now);
	return grant && isStatusScope(grant.scope) ? { now, scope: grant.scope, until: grant.expiresAt } : undefined;
}

/** The same for a wrong link, one that has expired, and none at all. */
function refused(): PageAnswer {
	return answer(403, alone('Open this page with a link', html`<p>The link that brought you here is not valid, or not any more.</p><p>Make a new one in n8n: <strong>Journey Control → Store → Create Status Page Link</strong>. If you have just followed a new link, allow cookies for this address.</p>`));
}

/**
 * Leads on at once, by a page and not by a redirect: a browser that comes from another site would not send the cookie
 * along with that. Without a path the cookie belongs to the folder of this address, wherever a proxy has put it.
 */
function opened(token: string, { now, until }: Visit, secure: boolean): PageAnswer {
	const seconds = Math.floor((+until - +now) / 1_000);
	const cookie = `${COOKIE}=${token}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
	return answer(200, alone('Opening the status page', html`<p><a href="../status">Go on</a></p>`, '../status'), { 'Set-Cookie': cookie });
}

async function shown(store: Store, lately: Lately, { notices }: PageSources, visit: Visit, query: PageRequest['query']): Promise<PageAnswer> {
	const [journey, value] = [textOf(query.journey), textOf(query.value)];
	const still = textOf(query.still) === '1';
	const customers = visit.scope === 'status';
	const page = (status: number, about: Pick<Frame, 'title' | 'here' | 'live' | 'at'>, content: Html) =>
		answer(status, framed({ ...about, until: visit.until, customers }, content));

	if (value !== undefined) {
		if (!customers) return answer(403, alone('Not with this link', html`<p>This link shows numbers only. Customers are shown by one that was made with <strong>Include Customers</strong>.</p><p><a href="${link({})}">All journeys</a></p>`));
		return await personAnswer(store, visit, { kind: query.kind, value }, journey, query.skip, page);
	}
	try {
		if (journey !== undefined) {
			const map = await lately.get(`journey ${journey}`, visit.now, async () => await journeyMap(store, journey));
			return page(200, { title: map.journey.name, here: { journey, still }, live: true, at: map.at }, journeyPage(map));
		}
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		return page(404, { title: 'No such journey', here: {}, live: false, at: visit.now }, html`<div class="title"><h1>No such journey</h1></div><p class="under">${error.message}</p><p><a href="${link({})}">All journeys</a></p>`);
	}
	const { all, said } = await lately.get('overview', visit.now, async () => ({ all: await overview(store), said: await notices() }));
	return page(200, { title: 'Journeys', here: { still }, live: true, at: all.at }, overviewPage(all, said));
}

async function personAnswer(
	store: Store, { now }: Visit, asked: { kind: unknown; value: string }, journey: string | undefined, skipped: unknown,
	page: (status: number, about: Pick<Frame, 'title' | 'here' | 'live' | 'at'>, content: Html) => PageAnswer,
): Promise<PageAnswer> {
	let identity: Identity;
	try {
		identity = readIdentity(asked.kind, asked.value);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		return page(400, { title: 'Nobody found', here: {}, live: false, at: now }, nobodyPage(`${error.message}.`));
	}
	const skip = Math.min(MOST_SKIPPED, Math.max(0, Math.floor(Number(textOf(skipped) ?? 0)) || 0));
	const part: Part = { journey, skip: journey === undefined ? 0 : skip, limit: journey === undefined ? SENTENCES.newest : SENTENCES.page };
	const found = await person(store, identity, part);
	const here: Address = { customer: identity, journey, skip: part.skip };
	if ('problem' in found) return page(404, { title: 'Nobody found', here, live: false, at: now }, nobodyPage(found.problem));
	return page(200, { title: identity.value, here, live: false, at: found.at }, personPage(identity, found, part));
}

function answer(status: number, body: string, more: Record<string, string> = {}): PageAnswer {
	return { status, headers: { ...HEADERS, ...more }, body };
}

function textOf(value: unknown): string | undefined {
	return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function cookieOf(header: string | undefined): string | undefined {
	return header?.split(';').map((one) => one.trim()).find((one) => one.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}
