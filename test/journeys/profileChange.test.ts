import { journeyNode, wires } from '../support/canvas';
import { journeys } from '../support/journeys';

jest.setTimeout(60_000);

const change = (parameters: object, options: object = {}) => ({
	name: 'Change',
	nodes: [
		journeyNode('Change', 'journeyEntryTrigger', {
			entry: 'change', reentry: 'cap', capTimes: 100, values: { value: [{ name: 'was', path: 'from' }, { name: 'is', path: 'to' }] }, options, ...parameters,
		}),
		journeyNode('Remember', 'journeyAction', { operation: 'setAttributes', attributes: { attribute: [{ name: 'last_plan', value: '={{ $json.context.is }}' }] } }),
	],
	connections: wires('Change > Remember'),
});
const plan = (who: string, value: unknown, at?: Date) => ({ who, change: { attributes: { plan: value } }, at });

journeys('on a profile change', (open) => {
	const entered = (run: Awaited<ReturnType<typeof open>>) => run.itemsOf('Change').map(({ json }) => json.context);

	it('to any value, and never without a real change', async () => {
		const run = await open(change({ attribute: 'plan' }));
		await run.send(plan('customer-1', 'free'));
		await run.pass('1 minute');
		await run.send(plan('customer-1', 'free'), { who: 'customer-1', change: { attributes: { city: 'Ghent' } } });
		await run.pass('1 minute');
		// What was written later stays, so an older write changes nothing.
		await run.send(plan('customer-1', 'trial', new Date(+run.now - 3_600_000)));
		await run.pass('1 minute');
		await run.send(plan('customer-1', 'pro'), plan('customer-2', { name: 'pro', seats: 5 }));
		await run.pass('1 minute');
		await run.send(plan('customer-2', { seats: 5.0, name: 'pro' }), plan('customer-1', null));
		await run.pass('1 minute');
		await run.send(plan('customer-1', null), plan('customer-3', null));
		await run.pass('1 minute');
		expect(entered(run)).toEqual([
			{ was: null, is: 'free' }, { was: 'free', is: 'pro' }, { was: null, is: { name: 'pro', seats: 5 } }, { was: 'pro', is: null },
		]);
		expect(run.itemsOf('Change').map(({ json }) => json.event)).toContainEqual(
			expect.objectContaining({ name: 'journey:change:plan', properties: { attribute: 'plan', from: 'free', to: 'pro' } }),
		);
	});

	it('from a certain value or none, to a certain value or none', async () => {
		const cases: Array<[object, string[]]> = [
			[{ from: 'value', fromValue: 'free' }, ['free → pro', 'free → null']],
			[{ to: 'value', toValue: 'pro' }, ['null → pro', 'free → pro']],
			[{ from: 'value', fromValue: 'free', to: 'value', toValue: 'pro' }, ['free → pro']],
			[{ from: 'none' }, ['null → free', 'null → free', 'null → pro']],
			[{ to: 'none' }, ['free → null']],
		];
		const runs: Array<Awaited<ReturnType<typeof open>>> = [];
		for (const [at, [parameters]] of cases.entries()) runs.push(await open(change({ attribute: 'plan', ...parameters }), { workflowId: `w${at}` }));
		for (const step of [['free', 'pro', 'free'], ['pro', 'pro', null]]) {
			await runs[0]!.send(...step.map((value, at) => plan(`customer-${at}`, value)));
			for (const run of runs) await run.pass('0 seconds');
		}
		const words = runs.map((run) => entered(run).map((one) => `${(one as { was: string }).was} → ${(one as { is: string }).is}`).sort());
		expect(words).toEqual(cases.map(([, expected]) => [...expected].sort()));
	});

	it('in the middle of an object, by a journey’s own writes as well, and in one batch with events', async () => {
		const run = await open(change({ attribute: 'address.city' }));
		const other = await open(change({ attribute: 'last_plan' }), { workflowId: 'other' });
		await run.send({ who: 'customer-1', event: 'Moved', change: { attributes: { address: { city: 'Ghent', street: 'A' } } } });
		await run.pass('0 seconds');
		await run.send({ who: 'customer-1', change: { attributes: { address: { city: 'Ghent', street: 'B' } } } });
		await run.pass('0 seconds');
		expect(entered(run)).toEqual([{ was: null, is: 'Ghent' }]);
		// Remember has written last_plan.
		await other.pass('0 seconds');
		expect(entered(other)).toEqual([{ was: null, is: 'Ghent' }]);
	});

	it('not by what is known too late', async () => {
		const run = await open(change({ attribute: 'plan' }));
		await run.send(plan('customer-1', 'old', new Date(+run.now - 8 * 86_400_000)));
		await run.pass('0 seconds');
		expect(entered(run)).toEqual([]);
	});

	it('is refused when it cannot be one', async () => {
		const cases: Array<[object, RegExp]> = [
			[{}, /Attribute: is empty/],
			[{ attribute: 'items[].x' }, /Attribute: .*leads to many values/],
			[{ attribute: 'plan', to: 'value' }, /To Value: is empty\. Enter it, or choose No Value under To/],
			[{ attribute: 'plan', from: 'none', to: 'none' }, /To: is the same as From/],
		];
		for (const [parameters, problem] of cases) await expect(open(change(parameters))).rejects.toThrow(problem);
	});
});
