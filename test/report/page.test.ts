import fc from 'fast-check';

import type { Canvas } from '../../lib/core/canvas/canvas';
import type { JourneyMap, StepNow } from '../../lib/report/journeyMap';
import type { Overview } from '../../lib/report/overview';
import { escaped, html } from '../../lib/report/page/html';
import { framed } from '../../lib/report/page/frame';
import { journeyPage } from '../../lib/report/page/journeyPage';
import { Lately } from '../../lib/report/page/lately';
import { link } from '../../lib/report/page/links';
import { overviewPage } from '../../lib/report/page/overviewPage';
import { personPage } from '../../lib/report/page/personPage';
import { planOf } from '../../lib/report/page/plan';
import { ago, short, span } from '../../lib/report/page/words';
import type { Person } from '../../lib/report/person';

const now = new Date('2026-03-02T10:00:00.000Z');
const HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onload='alert(1)", '</title></style><svg/onload=alert(1)>', '&lt;b&gt;', 'javascript:alert(1)', ']]>', '<!--', '\u202Egnp', '\0\x1b[31m'];
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE), fc.tuple(fc.string(), fc.constantFrom(...HOSTILE), fc.string()).map((parts) => parts.join('')));

/** Every place of every page where somebody else's text stands, with this text. */
function pagesWith(text: string): string[] {
	const listed = {
		key: text, name: text, state: 'paused' as const, since: now, because: text, workflowId: text, inside: 3, overdue: 1, failed: 1, unknownMessages: 1, steps: [],
	};
	const overview: Overview = {
		at: now, pause: null, sendingPaused: false, journeys: [{ ...listed, waiting: 2, running: 1, lastEventAt: now }, { ...listed, state: 'archived', waiting: 0, running: 0, lastEventAt: null }],
		health: { latenessSeconds: 4, overdue: 1, failed: 1, unknownMessages: 1, lastEventAt: now, skipped: [], missedRuns: [], rejectedEvents: 0, megabytes: 1, warnings: [text] },
	};
	const step: StepNow = { nodeId: 'a', name: text, kind: 'state', drawn: true, waiting: 2, overdue: 1, running: 1, failed: 1, unknown: 1, outside: 1 };
	const canvas: Canvas = {
		nodes: [{ id: 'a', name: text, type: 'n8n-nodes-journey.journeyState', parameters: {} }, { id: 'b', name: 'B', type: text, parameters: {} }],
		connections: { [text]: { main: [[{ node: 'B', type: 'main', index: 0 }], [{ node: text, type: 'main', index: 0 }]] } },
	};
	const map: JourneyMap = {
		at: now, journey: listed, lastEventAt: now, steps: [step, { ...step, nodeId: 'c', drawn: false }], canvas,
		drawing: { a: { at: [0, 0], outputs: [text, text] }, b: { at: [240, 0] } },
	};
	const found: Person = {
		at: now,
		customer: {
			profile: { id: 1, email: text, phone: text, locale: text, zone: text, attributes: { [text]: text }, tags: [text] },
			identities: [{ kind: 'email', value: text }], consent: { [text]: { state: 'granted', at: now.toISOString() } }, journeys: [],
		},
		stories: [{ key: text, name: text, more: true, told: [{ at: now.toISOString(), sentence: `2026 — ${text}`, kind: 'waiting', step: text, instance: 1 }] }],
	};
	const identity = { kind: 'user_id' as const, value: text };
	const frame = { title: text, here: { journey: text, customer: identity }, live: true, at: now, until: now, customers: true };
	const pages = [overviewPage(overview, [text]), journeyPage(map), personPage(identity, found, { journey: text, limit: 1, skip: 1 })];
	return pages.map((content) => framed(frame, content));
}

const TAG = /^<(?:!doctype html|\/?[a-z][a-z0-9]*(?: [a-z-]+(?:="[^"<>]*")?)*)\/?>$/i;
/** All tags, with the names of their attributes; the sheet of styles is the page's own. */
function tagsOf(page: string): Set<string> {
	const tags = page.replace(/<style>[^<]*<\/style>/, '').match(/<[^>]*>?/g)!;
	for (const tag of tags) expect(tag).toMatch(TAG);
	return new Set(tags.map((tag) => tag.replace(/="[^"]*"/g, '')));
}

describe('the pages', () => {
	const usual = new Set(pagesWith('Somebody').flatMap((page) => [...tagsOf(page)]));

	it('hold whatever text there is as text: it brings no tag and no attribute along', () => {
		expect([...usual].filter((tag) => /<script| on\w+|<iframe|<object/.test(tag))).toEqual([]);
		fc.assert(fc.property(anyText, (text) => {
			for (const page of pagesWith(text)) expect([...tagsOf(page)].filter((tag) => !usual.has(tag))).toEqual([]);
		}), { numRuns: 100 });
	});

	it('lead nowhere but to themselves', () => {
		for (const text of HOSTILE) {
			for (const page of pagesWith(text)) {
				const addresses = [...page.matchAll(/(?:href|action|src)="([^"]*)"/g)].map(([, address]) => address!);
				expect(addresses.filter((address) => !/^(status($|\?)|data:,$)/.test(address))).toEqual([]);
			}
		}
	});

	it('escape so that a browser reads what was written, but for what no page may hold', () => {
		const read = (markup: string) => markup.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name]!);
		fc.assert(fc.property(anyText, (text) => {
			expect(escaped(text)).not.toMatch(/[<>"']/);
			expect(read(escaped(text))).toBe([...text].map((one) => (/^[\0-\x08\x0b\x0c\x0e-\x1f\x7f]$/.test(one) ? '\uFFFD' : one)).join(''));
		}));
		expect(html`<b>${[html`<i>${'<'}</i>`, null, false, undefined, 0, ['"']]}</b>`.markup).toBe('<b><i>&lt;</i>0&quot;</b>');
	});

	it('show so many identities of one customer and count the others', () => {
		const identities = Array.from({ length: 1_000 }, (_, at) => ({ kind: 'anonymous_id' as const, value: `browser-${at}` }));
		const profile = { id: 1, email: null, phone: null, locale: null, zone: null, attributes: {}, tags: [] };
		const { markup } = personPage(identities[0]!, { at: now, customer: { profile, identities, consent: {}, journeys: [] }, stories: [] }, { limit: 10, skip: 0 });
		expect([markup.match(/<bdi>browser-/g)!.length, markup.includes('and 975 more')]).toEqual([26, true]);
	});

	it('say a journey’s address so that it is read back', () => {
		fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
			expect(new URL(link({ journey: key }), 'http://n8n/webhook/journey/status').searchParams.get('journey')).toBe(key);
		}));
		expect(new URL(link({}), 'http://n8n/sub/webhook/a/b/status?journey=x').href).toBe('http://n8n/sub/webhook/a/b/status');
	});

	it('give numbers and times as they are read', () => {
		expect([short(9_999), short(12_345), short(1_204_332)]).toEqual(['9,999', '12.3K', '1.2M']);
		expect([span(0), span(59), span(60), span(3_599), span(90_000)]).toEqual(['0 s', '59 s', '1 min', '59 min', '1 d']);
		expect(ago(new Date(+now - 61_000), now).markup).toContain('>1 min ago<');
		expect(ago(new Date(+now + 5_000), now).markup).toContain('>just now<');
	});
});

describe('a canvas, measured', () => {
	const main = (...to: Array<string | string[]>) => ({ main: to.map((names) => [names].flat().map((node) => ({ node, type: 'main', index: 0 }))) });
	const node = (name: string) => ({ id: name, name, type: 'n8n-nodes-base.noOp', parameters: {} });

	it('has a line for every connection, starting at its output, and everything is in view', () => {
		const canvas: Canvas = { nodes: ['A', 'B', 'C'].map(node), connections: { A: main('B', ['C', 'B']), C: main('A'), B: { ai_tool: [[{ node: 'A', type: 'ai_tool', index: 0 }]] }, Gone: main('A') } };
		const { boxes, edges, view: [x, y, width, height] } = planOf(canvas, { A: { at: [0, 0], outputs: ['yes', 'no'] }, B: { at: [240, -80] }, C: { at: [240, 80] } });
		expect(edges.map(({ path }) => path.split(' C')[0])).toEqual(['M96 32', 'M96 64', 'M96 64', 'M336 128', 'M288 -80']);
		expect(edges.map(({ part }) => part)).toEqual([false, false, false, false, true]);
		for (const box of boxes) {
			expect([box.x >= x, box.y >= y, box.x + 96 <= x + width, box.y + box.height <= y + height]).toEqual([true, true, true, true]);
		}
		// The line back runs below everything.
		expect(Math.max(...edges[3]!.path.match(/-?[\d.]+/g)!.map(Number).filter((_, at) => at % 2 === 1))).toBeLessThanOrEqual(y + height);
	});

	it('stands in a row where positions were never recorded, and may be empty', () => {
		expect(planOf({ nodes: ['A', 'B'].map(node), connections: {} }, {}).boxes.map(({ x, y }) => [x, y])).toEqual([[0, 0], [240, 0]]);
		expect(planOf({ nodes: [], connections: {} }, {}).view.every(Number.isFinite)).toBe(true);
	});
});

describe('what was loaded a moment ago', () => {
	const at = (seconds: number) => new Date(+now + seconds * 1_000);

	it('is shared by all who ask meanwhile, for a few seconds, and what failed is not kept', async () => {
		const lately = new Lately(3_000);
		let loads = 0;
		const load = async () => ++loads;
		expect(await Promise.all([lately.get('a', at(0), load), lately.get('a', at(0), load), lately.get('b', at(0), load)])).toEqual([1, 1, 2]);
		expect([await lately.get('a', at(2), load), await lately.get('a', at(60), load)]).toEqual([1, 3]);
		await expect(lately.get('c', at(0), async () => await Promise.reject(new Error('away')))).rejects.toThrow('away');
		expect(await lately.get('c', at(0), load)).toBe(4);
	});

	describe('with a clock', () => {
		let passed = 0;
		let clock: jest.SpyInstance;
		beforeEach(() => (clock = jest.spyOn(performance, 'now').mockImplementation(() => passed)));
		afterEach(() => clock.mockRestore());

		it('is loaded for a twentieth of the time at most, at however many pages they look', async () => {
			const lately = new Lately(3_000);
			const before = passed;
			// Each of ten pages takes a fifth of a second, and somebody looks at each of them all the time.
			for (let second = 0; second < 3_600; second++) {
				for (let page = 0; page < 10; page++) await lately.get(`${page}`, at(second), async () => (passed += 200));
			}
			expect(passed - before).toBeGreaterThan(3_600_000 / 40);
			expect(passed - before).toBeLessThan(3_600_000 / 20 + 10 * 200);
		});

		it('is loaded again after a minute, however long it took', async () => {
			const lately = new Lately(3_000);
			let loads = 0;
			await lately.get('a', at(0), async () => ((passed += 20_000), ++loads));
			expect([await lately.get('a', at(79), async () => ++loads), await lately.get('a', at(81), async () => ++loads)]).toEqual([1, 2]);
		});
	});
});
