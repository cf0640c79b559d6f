import { countsSinceEntry, reachesOf } from '../../lib/core/canvas/reach';
import { base, draw, journey } from './drawing';

const within = (amount: number, unit: string) => ({ did: true, event: 'Order Completed', times: 1, period: 'within', withinAmount: amount, withinUnit: unit });

describe('how far back a canvas asks', () => {
	it('is what its rules, look-backs and windows say', () => {
		const canvas = draw({
			Entry: journey('EntryTrigger', { parameters: { entry: 'schedule', conditions: { behaviour: [within(1, 'years')] } } }),
			Buyers: journey('AudienceFilter', { parameters: { match: 'all', conditions: { behaviour: [within(90, 'days')], group: [{ match: 'any', conditions: { behaviour: [within(2, 'years')] } }] } } }),
			Big: journey('Branch', { parameters: { mode: 'rules', rules: { rule: [{ output: 'a', match: 'all', conditions: { behaviour: [{ did: false, event: 'Refund', times: 1, period: 'ever' }] } }] } } }),
			Recent: journey('State', { parameters: { waitFor: 'events', lookBack: 'last', lookBackAmount: 3, lookBackUnit: 'hours' } }),
			Bought: journey('ConversionGoal', { parameters: { event: 'Order Completed', options: { window: { period: { windowAmount: 7, windowUnit: 'days' } } } } }),
		});
		expect(reachesOf(draw({
			Deep: journey('AudienceFilter', { parameters: { conditions: { group: [{ conditions: { group: [{ conditions: { aggregate: [{ event: { __rl: true, mode: 'list', value: 'Order' }, period: 'days', calendarDays: 30 }] } }] } }], behaviour: [{ event: 'Click', period: 'entry' }] } } }),
		})).map(({ asks }) => asks)).toEqual(['for Order within 31 days']);
		expect(reachesOf(canvas).map(({ node, asks, within }) => `${node} asks ${asks}: ${within ? `${within.amount} ${within.unit}` : 'ever'}`).sort()).toEqual([
			"Journey Audience Filter 'Buyers' asks for Order Completed within 2 years: 2 years",
			"Journey Audience Filter 'Buyers' asks for Order Completed within 90 days: 90 days",
			"Journey Branch 'Big' asks whether Refund ever happened: ever",
			"Journey Conversion Goal 'Bought' asks for its event within 7 days: 7 days",
			"Journey Entry Trigger 'Entry' asks for Order Completed within 1 years: 1 years",
			"Journey State 'Recent' asks for events within 3 hours: 3 hours",
		]);
	});

	it('leaves out what is off, what does not ask, and what is not ours', () => {
		expect(reachesOf(draw({
			Entry: journey('EntryTrigger', { parameters: { event: 'Enter', conditions: { behaviour: [within(90, 'days')] } } }),
			Off: journey('AudienceFilter', { disabled: true, parameters: { conditions: { behaviour: [within(90, 'days')] } } }),
			Split: journey('Branch', { parameters: { mode: 'split', rules: { rule: [{ conditions: { behaviour: [within(90, 'days')] } }] } } }),
			Previous: journey('State', { parameters: { waitFor: 'events', lookBack: 'previous', lookBackAmount: 1, lookBackUnit: 'hours' } }),
			Time: journey('State', { parameters: { waitFor: 'time', lookBack: 'last', lookBackAmount: 1, lookBackUnit: 'hours' } }),
			Goal: journey('ConversionGoal', { parameters: { event: 'Order Completed' } }),
			Set: base('set', { parameters: { conditions: { behaviour: [within(90, 'days')] } } }),
		}))).toEqual([]);
	});

	it.each([[0, 'days'], ['={{ $json.days }}', 'days'], [3, 'moons']])('names the node that does not say it: %p %p', (amount, unit) => {
		const canvas = draw({ Buyers: journey('AudienceFilter', { parameters: { conditions: { behaviour: [within(amount as number, unit)] } } }) });
		expect(() => reachesOf(canvas)).toThrow(/^Journey Audience Filter 'Buyers': /);
	});

	it.each([['entry', true], ['state', true], ['ever', false]])('counts since entry where a rule asks for %s: %s', (period, expected) => {
		const conditions = { group: [{ conditions: { behaviour: [{ event: 'Click', period }] } }] };
		expect(countsSinceEntry(draw({ Buyers: journey('AudienceFilter', { parameters: { conditions } }) }))).toBe(expected);
		expect(countsSinceEntry(draw({ Big: journey('Branch', { parameters: { rules: { rule: [{ conditions }] } } }) }))).toBe(expected);
	});

	it.each([['entry', 'events', true], ['previous', 'events', false], ['entry', 'time', false]])('counts since entry with %s and %s: %s', (lookBack, waitFor, expected) => {
		expect(countsSinceEntry(draw({ Wait: journey('State', { parameters: { waitFor, lookBack } }) }))).toBe(expected);
	});

	it.each([
		[{ events: { branch: [{ event: 'view' }, { event: 'view', times: 3 }] } }, true], [{ events: { branch: [{ event: 'view' }] }, decides: 'best' }, true],
		[{ events: { branch: [{ event: 'view', times: '={{ 3 }}' }] }, lookBack: 'last', lookBackAmount: 1, lookBackUnit: 'hours' }, true],
		[{ events: { branch: [{ event: 'view', times: 3 }] }, waitFor: 'time' }, false], [{ events: { branch: [{ event: 'view', times: 1 }, { event: 'order' }] }, decides: 'first' }, false],
	])('counts since entry where people wait for several events, or the best: %j', (parameters, expected) => {
		expect(countsSinceEntry(draw({ Wait: journey('State', { parameters: { waitFor: 'events', lookBack: 'previous', ...parameters } }) }))).toBe(expected);
	});
});
