/** A node in one of the states that its panel can be in. */
export interface Variant {
	name: string;
	type: string;
	parameters: object;
}

const variants = (type: string, byName: Record<string, object>): Variant[] => Object.entries(byName).map(([name, parameters]) => ({ name, type, parameters }));

const filters = { conditions: [{ path: 'cart.total', operator: 'greater', value: '50' }, { path: 'coupon', operator: 'doesNotExist' }] };
const on = (...events: string[]) => ({ branch: events.map((event) => ({ event })) });

const named = (value: string) => ({ __rl: true, mode: 'name', value });
const key = (value: string) => ({ __rl: true, mode: 'key', value });

/** Every node as it is when it is new, and in its main variants. */
export const VARIANTS: Variant[] = [
	...variants('journeyEntryTrigger', {
		'Entry': {},
		'Entry, from exit': { event: 'Cart Updated', lockFrom: 'exit', whileInside: 'parallel' },
		'Entry, ever': { event: 'Cart Updated', reentry: 'cap', capPeriod: 'ever', options: { capacity: { limits: { perMinute: 100, inside: 0, overflow: 'delay' } }, holdout: 10, rollout: 50, duplicates: { window: { duplicateAmount: 10, duplicateUnit: 'minutes' } } } },
		'Entry, never again': { event: 'Cart Updated', reentry: 'once' },
		'Entry, limited': {
			event: 'Cart Updated', filters, reentry: 'cap', values: { value: [{ name: 'cart_total', path: 'cart.total' }] },
			options: { correlation: 'cart_id', end: '', key: 'cart', start: '', unknownConsent: 'settings', zone: '' },
		},
	}),
	...variants('journeyEntryTrigger', {
		'Entry, from a journey': { entry: 'start' },
		'Entry, on a change': { entry: 'change', attribute: 'plan', from: 'value', fromValue: 'free', to: 'value', toValue: 'pro' },
		'Entry, every day': { entry: 'schedule' },
		'Entry, weekdays': {
			entry: 'schedule', repeats: 'weeks', every: 2, first: '2026-01-05', weekdays: [1, 4], clock: 'own',
			conditions: { attribute: [{ path: 'plan', operator: 'is', value: 'pro' }] }, options: { pace: 1000, catchUpHours: 12 },
		},
		'Entry, last day': { entry: 'schedule', repeats: 'months', monthDayKind: 'last' },
		'Entry, once': { entry: 'schedule', repeats: 'once' },
		'Entry, on a segment': { entry: 'segment', existing: 'everyone', options: { pace: 1000 } },
		'Entry, on leaving a segment': { entry: 'segment', membership: 'left' },
	}),
	...variants('journeyAudienceFilter', {
		'Audience': {},
		'Audience, condition of entry': { works: 'entry', conditions: { tag: [{ has: true, tag: 'vip' }] } },
		'Audience, conditions': {
			conditions: {
				attribute: [{ path: 'plan', operator: 'is', value: 'free' }],
				behaviour: [{ did: false, event: 'Order Completed', times: 1, period: 'within', withinAmount: 30, withinUnit: 'days' }],
				consent: [{ channel: 'email', purpose: named('newsletter'), state: 'granted' }],
				group: [{ match: 'any', conditions: { tag: [{ has: true, tag: 'vip' }] } }],
			},
		},
	}),
	...variants('journeyAudienceFilter', {
		'Audience, every kind': {
			match: 'any',
			conditions: {
				aggregate: [{ of: 'sum', path: named('total'), event: named('Order Completed'), period: 'days', calendarDays: 30, operator: 'greater', value: '100' }],
				behaviour: [{ did: 'atMost', times: 2, event: named('Refund'), period: 'entry' }, { did: false, event: named('Visit'), period: 'ever' }],
				identity: [{ has: true, identity: 'phone' }],
				journey: [{ is: 'converted', holds: true, journey: named('welcome') }],
				message: [{ did: 'opened', count: 'atMost', times: 0, of: 'last', ofLast: 5, channel: 'email', period: 'ever' }],
				reachable: [{ channel: 'sms', is: true }],
				segment: [{ segment: named('Big spenders'), in: true }],
				trait: [{ trait: named('Purchases'), measure: 'recencyScore', operator: 'greaterOrEqual', value: '4' }],
			},
		},
		'Audience, groups in groups': {
			conditions: {
				group: [{
					match: 'any',
					conditions: {
						tag: [{ has: true, tag: named('vip') }],
						group: [{ match: 'none', conditions: { attribute: [{ path: named('plan'), operator: 'is', value: 'free' }], consent: [{ channel: 'email', state: 'denied' }] } }],
					},
				}],
			},
		},
	}),
	...variants('journeyState', {
		'Delay': {},
		'Delay in hours': { delayUnit: 'hours' },
		'Delay that starts again': { delayUnit: 'hours', resets: on('Cart Updated') },
		'Date': { until: 'date' },
		'Date, shifted': { until: 'date', date: '={{ $json.profile.attributes.renewal_date }}', offsetAmount: 3 },
		'Weekday': { until: 'weekday', weekdays: [1, 4] },
		'Hours': { until: 'window', windowDays: [1, 2, 3, 4, 5, 6, 7], windowFrom: '00:00', windowTo: '24:00' },
		'Events': { waitFor: 'events' },
		'Date of an attribute': { until: 'date', dateFrom: 'attribute', dateAttribute: 'renewal_date' },
		'Becoming': {
			waitFor: 'events', events: { branch: [{ on: 'attribute', attributes: { conditions: [{ path: 'plan', operator: 'is', value: 'gold' }] } }, { on: 'message', engagement: 'opened' }] },
		},
		'Events, counted': {
			waitFor: 'events', events: { branch: [{ event: 'Page Viewed', times: 3, period: 'within' }, { event: 'Email Opened', times: 2, period: 'day' }] }, decides: 'best',
		},
		'Events, until a date': { waitFor: 'events', events: { branch: [{ event: 'Order Completed', values: { value: [{ name: 'total', path: 'total' }] } }] }, limitUntil: 'date' },
		'Events with a limit': { waitFor: 'events', events: { branch: [{ event: 'Order Completed' }, { event: 'Email Clicked', output: 'clicked' }] }, limitDelayAmount: 3 },
		'Events, no limit': { waitFor: 'events', events: on('Order Completed'), limitUntil: 'never', lookBack: 'last', options: { correlation: '' } },
	}),
	...variants('journeyBranch', {
		'Branch': {},
		'Branch, rules': {
			rules: {
				rule: [
					{ output: 'Big spenders', conditions: { context: [{ path: 'cart_total', operator: 'greater', value: '100' }], event: [{ path: 'total', operator: 'exists' }] } },
					{ conditions: { tag: [{ has: false, tag: 'vip' }] } },
				],
			},
		},
		'Branch, split': { mode: 'split', options: { salt: '' } },
	}),
	...variants('journeyAction', {
		'Check': {},
		'Check, all options': { options: { ifConverted: 'skip', ifUnknown: 'skip', limit: 100 } },
		'Check, newsletter': { purpose: named('newsletter'), ifConsentUnknown: 'settings' },
		'Check, transactional': { class: 'transactional' },
		'Unknown deliveries': { operation: 'unknown' },
		'Unknown deliveries, mark': { operation: 'unknown', unknown: 'markSent' },
		'Set attributes': { operation: 'setAttributes' },
		'Delete attributes': { operation: 'deleteAttributes' },
		'Add tags': { operation: 'addTags' },
		'Remove tags': { operation: 'removeTags' },
		'Set journey values': { operation: 'setContext' },
		'Record an event': { operation: 'recordEvent' },
		'Leave': { operation: 'exit' },
		'Start another': { operation: 'startJourney', journey: 'welcome' },
		'Leave another': { operation: 'leaveJourney', journey: 'welcome' },
	}),
	...variants('journeyConversionGoal', {
		'Goal': {},
		'Goal, all options': { event: 'Order Completed', options: { value: 'revenue', currency: 'currency', correlation: '', window: { period: { windowAmount: 7, windowUnit: 'days' } } } },
		'Goal, exit': { type: 'exit', event: 'App Uninstalled' },
		'Goal, what does not happen': { reached: 'absent', event: 'App Uninstalled', options: { late: { time: { lateAmount: 2, lateUnit: 'hours' } } } },
		'Goal, a segment': { reached: 'joined', segment: named('Big spenders') },
	}),
	...variants('journeyCustomerData', {
		'Track': {},
		'Track, all options': { identityKind: 'email', propertiesMode: 'json', eventOptions: { messageId: '', time: '', history: false, identities: {} } },
		'Start a journey': { resource: 'journey', operation: 'start' },
		'Take out of a journey': { resource: 'journey', operation: 'leave' },
		'Create or update': { resource: 'profile', operation: 'upsert' },
		'Get': { resource: 'profile', operation: 'get' },
		'Add identity': { resource: 'profile', operation: 'addIdentity' },
		'Tag': { resource: 'profile', operation: 'addTags' },
		'Untag': { resource: 'profile', operation: 'removeTags' },
		'Set consent': { resource: 'profile', operation: 'setConsent' },
		'Set consent for a purpose': { resource: 'profile', operation: 'setConsent', purpose: named('newsletter'), consent: 'denied' },
		'Record engagement': { resource: 'message', operation: 'recordEngagement' },
		'Explain': { resource: 'journey', operation: 'explain' },
		'Counts': { resource: 'journey', operation: 'counts' },
	}),
	...variants('journeyControl', {
		'Store status': {},
		'Check health': { operation: 'health' },
		'List rejected': { resource: 'rejected', operation: 'list', rejectedFilters: { reason: '', since: '', source: 'collector' } },
		'Send rejected in again': { resource: 'rejected', operation: 'resend', sendIn: 'mended' },
		'Back up': { operation: 'backup' },
		'Resume': { operation: 'resume' },
		'Status page link': { operation: 'statusLink' },
		'Save segment': { resource: 'segment', operation: 'save', segment: named('Big spenders'), segmentOptions: { zone: '' }, conditions: { tag: [{ has: true, tag: named('vip') }] } },
		'Preview segment': { resource: 'segment', operation: 'preview' },
		'Save trait': { resource: 'trait', operation: 'save', trait: named('Purchases'), event: named('Order Completed'), amount: named('order.total') },
		'Journeys': { resource: 'journey' },
		'Move people': { resource: 'journey', operation: 'move', journey: key('cart-abandonment'), fromStep: 'Wait for Order', toState: 'Wait for Payment' },
		'Pause a journey': { resource: 'journey', operation: 'pause', journey: key('cart-abandonment') },
		'Resume a journey': { resource: 'journey', operation: 'resume', journey: key('cart-abandonment') },
		'Evict': { resource: 'journey', operation: 'evict', journey: key('cart-abandonment') },
		'Pause all sending': { resource: 'journey', operation: 'pauseSending' },
		'A customer’s story': { resource: 'customer' },
		'Take a customer out': { resource: 'customer', operation: 'exit', journey: key('cart-abandonment') },
		'Erase a customer': { resource: 'customer', operation: 'erase' },
		'Mark as sent': { resource: 'message', operation: 'markSent' },
		'Preview a publish': { resource: 'journey', operation: 'preview' },
		'Undo last publish': { resource: 'journey', operation: 'undo', journey: key('cart-abandonment') },
		'Settings': { resource: 'settings', operation: 'get' },
		'Change settings': { resource: 'settings', operation: 'change', changes: { zone: '', globalHoldoutPercent: 0, unknownConsent: 'skip', keepEventsMonths: 13, keepHistoryMonths: 36, publicUrl: '' } },
	}),
	...variants('journeyEventCollectorTrigger', {
		'Collector': {},
		'Collector, own port': { ownPort: true },
		'Collector, limits': { limits: { bodyMegabytes: 5, batch: 500, latenessDays: 7, requestsPerMinute: 6000 } },
	}),
];
