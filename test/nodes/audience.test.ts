import { keepSegment } from '../../lib/run/segments';
import { keepTrait } from '../../lib/run/traits';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { CanvasRunner } from '../support/canvasRunner';
import { STORES } from '../support/stores';

jest.setTimeout(60_000);

const plan = (operator: string, value?: string) => ({ path: 'plan', operator, value });

/** As the editor keeps a name that was chosen from a list. */
const chosen = (value: string) => ({ __rl: true, mode: 'list', value });

/** What is asked, and who of the four customers is in the audience. */
const AUDIENCES: Array<[string, object, string]> = [
	['everyone without conditions', {}, '1234'],
	['by an attribute', { conditions: { attribute: [plan('is', 'pro')] } }, '1'],
	['by a missing attribute', { conditions: { attribute: [plan('isNot', 'pro')] } }, '234'],
	['by an expression, each with a value of their own', { conditions: { attribute: [{ path: 'orders', operator: 'less', value: '={{ $json.event.properties.total }}' }] } }, '1'],
	['by a tag', { conditions: { tag: [{ has: true, tag: 'vip' }] } }, '13'],
	['by a tag they lack', { conditions: { tag: [{ has: false, tag: 'vip' }] } }, '24'],
	['by consent', { conditions: { consent: [{ channel: 'email', state: 'granted' }] } }, '1'],
	['by consent that is not known', { conditions: { consent: [{ channel: 'email', state: 'unknown' }] } }, '34'],
	['by what they did', { conditions: { behaviour: [{ did: true, event: 'order', times: 1, period: 'ever' }] } }, '123'],
	['by what they did not', { conditions: { behaviour: [{ did: false, event: 'order', times: 1, period: 'ever' }] } }, '4'],
	['by how often', { conditions: { behaviour: [{ did: true, event: 'order', times: 2, period: 'ever' }] } }, '2'],
	['by what they did lately', { conditions: { behaviour: [{ did: true, event: 'order', times: 1, period: 'within', withinAmount: 2, withinUnit: 'days' }] } }, '12'],
	['by how often at most', { conditions: { behaviour: [{ did: 'atMost', event: 'order', times: 1, period: 'ever' }] } }, '134'],
	['by never, whatever the hidden number says', { conditions: { behaviour: [{ did: false, event: 'order', times: 2, period: 'ever' }] } }, '4'],
	['by what they did on calendar days', { conditions: { behaviour: [{ did: true, event: 'order', times: 1, period: 'days', calendarDays: 1 }] } }, '12'],
	['by what they did since entry, which let them in', { conditions: { behaviour: [{ did: false, event: 'cart', times: 1, period: 'entry' }] } }, '1234'],
	['by a sum', { conditions: { aggregate: [{ of: 'sum', path: 'total', event: chosen('order'), period: 'ever', operator: 'greater', value: '100' }] } }, '2'],
	['by an average', { conditions: { aggregate: [{ of: 'average', path: 'total', event: 'order', period: 'ever', operator: 'is', value: '55' }] } }, '2'],
	['by the last value', { conditions: { aggregate: [{ of: 'last', path: chosen('total'), event: 'order', period: 'ever', operator: 'is', value: '60' }] } }, '2'],
	['by the first value', { conditions: { aggregate: [{ of: 'first', path: 'total', event: 'order', period: 'ever', operator: 'is', value: '50' }] } }, '2'],
	['by an identity', { conditions: { identity: [{ has: false, identity: 'email' }] } }, '234'],
	['by an address', { conditions: { reachable: [{ channel: 'email', is: true }] } }, '1'],
	['by a journey they are in', { conditions: { journey: [{ journey: 'journey', is: 'inside', holds: true }] } }, '1234'],
	['by a journey that nobody was ever in', { conditions: { journey: [{ journey: chosen('welcome'), is: 'entered', holds: true }] } }, ''],
	['by messages', { conditions: { message: [{ did: 'opened', count: 'atMost', times: 0, of: 'last', ofLast: 5, channel: 'email', journey: 'this', period: 'within', withinAmount: 30, withinUnit: 'days' }] } }, '1234'],
	['by an attribute chosen from the list', { conditions: { attribute: [{ ...plan('is', 'free'), path: chosen('plan') }] } }, '2'],
	['by a segment', { conditions: { segment: [{ segment: chosen('Buyers'), in: true }] } }, '123'],
	['by a segment they are not in', { conditions: { segment: [{ segment: 'Buyers', in: false }] } }, '4'],
	['by a trait', { conditions: { trait: [{ trait: chosen('Purchases'), measure: 'sum', operator: 'greaterOrEqual', value: '70' }] } }, '23'],
	['by groups in groups', { match: 'any', conditions: { group: [{ match: 'all', conditions: { group: [{ match: 'none', conditions: { tag: [{ has: true, tag: 'press' }] } }], tag: [{ has: true, tag: 'vip' }] } }] } }, '1'],
	['by properties of what they did', { conditions: { behaviour: [{ did: true, event: 'order', times: 1, period: 'ever', filters: { conditions: [{ path: 'total', operator: 'greater', value: '={{ $json.event.properties.total + 39 }}' }] } }] } }, '23'],
	['by all conditions', { match: 'all', conditions: { tag: [{ has: true, tag: 'vip' }, { has: true, tag: 'press' }] } }, '3'],
	['by any condition', { match: 'any', conditions: { tag: [{ has: true, tag: 'press' }], attribute: [plan('exists')] } }, '123'],
	['by no condition', { match: 'none', conditions: { tag: [{ has: true, tag: 'press' }], attribute: [plan('exists')] } }, '4'],
	['by a group', { match: 'all', conditions: { tag: [{ has: true, tag: 'vip' }], group: [{ match: 'none', conditions: { tag: [{ has: true, tag: 'press' }] } }] } }, '1'],
];

const REFUSED: Array<[string, object, RegExp]> = [
	['an empty group', { conditions: { group: [{ match: 'all', conditions: {} }] } }, /Conditions: An empty condition group matches nothing/],
	['an expression that contains cannot compare with', { conditions: { attribute: [{ path: 'plan', operator: 'contains', value: '={{ $json.x }}' }] } }, /Conditions: .*"contains" cannot compare with an expression/],
	['a path that cannot be read', { conditions: { attribute: [{ path: 'a..b', operator: 'exists' }] } }, /a name is missing at position 3/],
	['a condition without a value', { conditions: { attribute: [plan('is', '')] } }, /has no value/],
	['a behaviour without an event', { conditions: { behaviour: [{ did: true, event: ' ', times: 1, period: 'ever' }] } }, /a behaviour has no event/],
	['a number of times that is none', { conditions: { behaviour: [{ did: 'atMost', event: 'order', times: -1, period: 'ever' }] } }, /at most -1 times cannot be asked/],
	['an event value without an event', { conditions: { aggregate: [{ of: 'sum', path: 'total', event: chosen(''), period: 'ever', operator: 'is', value: '1' }] } }, /an event value has no event/],
	['a sum of no property', { conditions: { aggregate: [{ of: 'sum', path: '', event: 'order', period: 'ever', operator: 'is', value: '1' }] } }, /a name is missing/],
	['a segment without a name', { conditions: { segment: [{ segment: '', in: true }] } }, /has no segment/],
	['no calendar day', { conditions: { behaviour: [{ did: true, event: 'order', times: 1, period: 'days', calendarDays: 0 }] } }, /within 0 calendar days cannot be asked/],
	['more of the last messages than there are', { conditions: { message: [{ did: 'opened', count: 'atLeast', times: 6, of: 'last', ofLast: 5, period: 'ever' }] } }, /At least 6 of the last 5 messages can never be/],
	['no times', { conditions: { behaviour: [{ did: true, event: 'order', times: 0, period: 'ever' }] } }, /at least 0 times/],
	['a window of no length', { conditions: { behaviour: [{ did: true, event: 'order', times: 1, period: 'within', withinAmount: 0, withinUnit: 'days' }] } }, /Conditions, "order", Last.*too short/],
	['a tag without a name', { conditions: { tag: [{ has: true, tag: '' }] } }, /has no tag/],
	['a channel without a name', { conditions: { consent: [{ channel: '', state: 'granted' }] } }, /has no channel/],
];

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart' });

/** All filters side by side: each of them asks everybody. */
const sideBySide = {
	name: 'Audience',
	nodes: [entry, ...AUDIENCES.map(([name, parameters]) => journeyNode(name, 'journeyAudienceFilter', parameters))],
	connections: wires(...AUDIENCES.map(([name]) => `Entry > ${name}`)),
};

const one = (parameters: object) => ({
	name: 'Audience',
	nodes: [
		entry,
		journeyNode('Filter', 'journeyAudienceFilter', parameters),
		journeyNode('In', 'journeyState', {}),
		journeyNode('Out', 'journeyState', {}),
		baseNode('Behind', 'noOp', 1),
	],
	connections: wires('Entry > Filter', 'Filter:0 > In', 'Filter:1 > Out', 'In > Behind', 'Out > Behind'),
});

describe.each(STORES)('Journey Audience Filter on %s', (kind) => {
	let run: CanvasRunner;
	let decided: Array<{ name: string; who: string; reason: string; visit: number }>;

	beforeAll(async () => {
		run = await CanvasRunner.open(kind, sideBySide);
		await run.send(
			{ who: '1', email: 'customer-1@example.com', change: { attributes: { plan: 'pro', orders: 3 }, addTags: ['vip'], consent: { email: 'granted' } } },
			{ who: '2', change: { attributes: { plan: 'free' }, consent: { email: 'denied' } } },
			{ who: '3', change: { addTags: ['vip', 'press'] } },
			{ who: '1', event: 'order', properties: { total: 5 } },
			{ who: '2', event: 'order', properties: { total: 50 } },
			{ who: '2', event: 'order', properties: { total: 60 } },
			{ who: '3', event: 'order', properties: { total: 70 }, at: new Date(+run.now - 3 * 24 * 60 * 60_000) },
		);
		await run.pass('1 second');
		await keepSegment(run.store, { name: 'Buyers', rule: { kind: 'behaviour', event: 'order', filter: [], did: true, atLeast: 1 }, zone: 'UTC', refresh_minutes: 60 });
		await keepTrait(run.store, { name: 'Purchases', event: 'order', filter: [], amount: 'total' });
		await run.send(...['1', '2', '3', '4'].map((who) => ({ who, event: 'cart', properties: { total: 10 * Number(who) } })));
		await run.pass('1 second');
		decided = await run.store.tx(async (db) => await db.rows(
			`SELECT s.name, value AS who, reason, (detail ->> 'visit')::int AS visit
			 FROM journal j JOIN steps s ON s.id = j.step_id JOIN identities i USING (profile_id) WHERE j.kind = 'audience' AND i.kind = 'user_id' ORDER BY value`,
		));
	});
	afterAll(async () => await run?.close());

	it.each(AUDIENCES)('finds %s', (name, _parameters, expected) => {
		const asked = decided.filter((row) => row.name === name);
		expect(asked.map(({ who }) => who).join('')).toBe('1234');
		expect(asked.filter(({ reason }) => reason === 'in').map(({ who }) => who).join('')).toBe(expected);
		expect(asked.filter(({ reason }) => reason === 'not_in')).toHaveLength(4 - expected.length);
		expect(asked.map(({ visit }) => visit)).toEqual([0, 0, 0, 0]);
	});

	it('lets those in the audience leave by the first output, the others by the second', async () => {
		await run.publish(one({ conditions: { attribute: [{ path: 'likes', operator: 'is', value: 'tea' }] } }));
		await run.send({ who: 'tea', change: { attributes: { likes: 'tea' } }, event: 'cart' }, { who: 'coffee', event: 'cart' });
		await run.pass('0 seconds');
		const lines = async (who: string) => (await run.timeline(who)).filter((line) => /parked|audience/.test(line)).map((line) => line.replace(/^\S+ /, ''));
		expect(await lines('tea')).toEqual(['audience Filter: in', expect.stringMatching(/^parked In /)]);
		expect(await lines('coffee')).toEqual(['audience Filter: not_in', expect.stringMatching(/^parked Out /)]);
	});

	it.each(REFUSED)('is not published with %s', async (_, parameters, message) => {
		await expect(run.publish(one(parameters))).rejects.toThrow(message);
	});
});
