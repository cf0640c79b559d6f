import { Workflow } from 'n8n-workflow';

import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState, journeys, only } from '../support/journeys';

jest.setTimeout(60_000);

const entry = journeyNode('Entry', 'journeyEntryTrigger', { event: 'cart', values: { value: [{ name: 'total', path: 'total' }] } });
const wait = delayState('Wait', 1, 'hours');
const end = baseNode('End', 'noOp', 1);
const carts = [1, 2, 3, 4].map((n) => ({ who: `customer-${n}`, event: 'cart', properties: { total: n * 10 } }));
const totalOver = (amount: number) => ({
	options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 }, combinator: 'and',
	conditions: [{ id: 'c', leftValue: '={{ $json.context.total }}', rightValue: amount, operator: { type: 'number', operation: 'gt' } }],
});
/** Replaces `json`, as most of n8n's nodes do. */
const replace = (name: string) => baseNode(name, 'set', 3.4, { ...assign({ total: '={{ $json.context.total }}' }), includeOtherFields: false });
const code = (name: string, jsCode: string, mode = 'runOnceForAllItems') => baseNode(name, 'code', 2, { mode, jsCode });

journeys('n8n\'s own nodes between journey nodes', (open) => {
	/** Everybody's journey value at a node, to see that nobody was taken for another. */
	const peopleAt = (run: Awaited<ReturnType<typeof open>>, node: string) =>
		run.itemsOf(node).map(({ json }) => `${(json.profile as { id: number }).id}:${(json.context as { total: number }).total}`).sort();
	const everybody = ['1:10', '2:20', '3:30', '4:40'];
	const way = (...nodes: ReturnType<typeof baseNode>[]) => ({
		name: 'Between',
		nodes: [entry, ...nodes, wait, end],
		connections: wires(...[entry, ...nodes].map(({ name }, at) => `${name} > ${nodes[at]?.name ?? 'Wait'}`), 'Wait > End'),
	});

	it.each([
		['a Set that replaces json', [replace('Set')]],
		['a Sort the other way round', [baseNode('Sort', 'sort', 1, { sortFieldsUi: { sortField: [{ fieldName: 'context.total', order: 'descending' }] } })]],
		['a Sort of replaced items', [replace('Set'), baseNode('Sort', 'sort', 1, { sortFieldsUi: { sortField: [{ fieldName: 'total', order: 'descending' }] } })]],
		['Code for each item that replaces json', [code('Code', 'return { json: { total: $json.context.total } };', 'runOnceForEachItem')]],
		['Code for all items that keeps their order', [code('Code', 'return items.map(({ json }) => ({ json: { total: json.context.total } }));')]],
		['Code for all items that says whose each is', [code('Code', 'return items.map(({ json }, item) => ({ json: { total: json.context.total }, pairedItem: { item } })).reverse();')]],
		['Code that splits one person in two', [code('Code', 'return items.flatMap((one, item) => [{ json: {}, pairedItem: { item } }, { json: {}, pairedItem: { item } }]);')]],
	])('keeps everybody through %s', async (_, nodes) => {
		const run = await open(way(...nodes));
		await run.send(...carts);
		await run.pass('1 day');
		expect(peopleAt(run, 'End')).toEqual(everybody);
		expect((await run.timeline()).filter((line) => line.includes('parked'))).toHaveLength(4);
	});

	it('does not ask for the outputs of journey nodes, which n8n would start an isolate for in each execution', async () => {
		const run = await open(way(baseNode('Set', 'set', 3.4, { ...assign({ seen: 'yes' }), includeOtherFields: false })));
		const asked = jest.spyOn(Workflow.prototype, 'getParentMainInputNode');
		await run.send(...carts);
		await run.pass('1 day');
		expect((await run.timeline()).filter((line) => line.includes('parked'))).toHaveLength(4);
		expect(asked).not.toHaveBeenCalled();
		asked.mockRestore();
	});

	it('sends people down the branches of IF and Switch, and together again by Merge', async () => {
		const rule = (amount: number) => ({ conditions: totalOver(amount), renameOutput: false });
		const run = await open({
			name: 'Branches',
			nodes: [
				entry, baseNode('If', 'if', 2.2, { conditions: totalOver(10) }), replace('Small'),
				baseNode('Switch', 'switch', 3.2, { rules: { values: [rule(30), rule(20)] }, options: { fallbackOutput: 'extra' } }),
				replace('Big'), replace('Rest'), baseNode('Merge', 'merge', 3, { mode: 'append', numberInputs: 2 }), wait, end,
			],
			connections: {
				...wires('Entry > If', 'If:0 > Switch', 'If:1 > Small', 'Switch:0 > Big', 'Switch:1 > Wait', 'Switch:2 > Rest', 'Rest > Wait', 'Merge > Wait', 'Wait > End', 'Small > Merge'),
				Big: { main: [[{ node: 'Merge', type: 'main', index: 1 }]] },
			},
		});
		await run.send(...carts);
		await run.pass('1 day');
		expect(peopleAt(run, 'End')).toEqual(everybody);
	});

	it('knows everybody again who comes to one place behind different journey nodes', async () => {
		const rule = { output: 'Big', conditions: { context: [{ path: 'total', operator: 'greater', value: '20' }] } };
		const tag = (tags: string) => journeyNode(`Tag ${tags}`, 'journeyAction', { operation: 'addTags', tags });
		const run = await open({
			name: 'Two ways',
			nodes: [entry, journeyNode('Which', 'journeyBranch', { rules: { rule: [rule] } }), tag('small'), tag('big'), replace('Small'), replace('Big'), wait, end],
			connections: wires('Entry > Which', 'Which:0 > Tag small', 'Which:1 > Tag big', 'Tag small > Small', 'Tag big > Big', 'Big > Wait', 'Small > Wait', 'Wait > End'),
		});
		await run.send(...carts);
		await run.pass('1 day');
		expect(peopleAt(run, 'End')).toEqual(everybody);
	});

	it('knows everybody again on the way back to the place where they waited', async () => {
		const run = await open({ name: 'Round', nodes: [entry, wait, replace('Round')], connections: wires('Entry > Wait', 'Wait > Round', 'Round > Wait') });
		await run.send(...carts);
		await run.pass('2 hours');
		expect((await run.timeline('customer-3')).filter((line) => line.includes('parked'))).toEqual(['+0s parked Wait until +1h', '+1h parked Wait until +2h', '+2h parked Wait until +3h']);
	});

	it('lets those whom a Filter drops end there', async () => {
		const run = await open(way(baseNode('Filter', 'filter', 2.2, { conditions: totalOver(20) })));
		await run.send(...carts);
		await run.pass('1 day');
		expect(peopleAt(run, 'End')).toEqual(['3:30', '4:40']);
		expect((await run.timeline()).filter((line) => line.startsWith('+0s') && line.includes('done'))).toEqual(['+0s customer-1 done: completed', '+0s customer-2 done: completed']);
	});

	it('keeps everybody through Loop Over Items', async () => {
		const run = await open({
			name: 'Loop Over Items', nodes: [entry, baseNode('Loop', 'splitInBatches', 3, { batchSize: 3 }), replace('Each'), wait, end],
			connections: wires('Entry > Loop', 'Loop:0 > Wait', 'Loop:1 > Each', 'Each > Loop', 'Wait > End'),
		});
		await run.send(...carts);
		await run.pass('1 day');
		expect(peopleAt(run, 'End')).toEqual(everybody);
	});

	it('finds people again behind two States and a Set', async () => {
		const run = await open({
			name: 'Two States',
			nodes: [entry, replace('One'), eventState('First', [{ event: 'click' }], [1, 'hours']), replace('Two'), wait, end],
			connections: wires('Entry > One', 'One > First', 'First:0 > Two', 'First:1 > Two', 'Two > Wait', 'Wait > End'),
		});
		await run.send(...carts);
		await run.pass('30 minutes');
		await run.send({ who: 'customer-2', event: 'click' }, { who: 'customer-4', event: 'click' });
		await run.pass('1 day');
		expect(peopleAt(run, 'End')).toEqual(everybody);
	});
});

journeys('nodes that lose or mix people', (open) => {
	const through = (node: ReturnType<typeof baseNode>) => ({
		name: 'Through', nodes: [entry, node, wait, end], connections: wires(`Entry > ${node.name}`, `${node.name} > Wait`, 'Wait > End'),
	});

	it('refuses an Aggregate before any effect, by its name and the name of the State behind it', async () => {
		const run = await open(through(baseNode('Collect', 'aggregate', 1, { aggregate: 'aggregateAllItemData' })));
		await run.send(...carts);
		await run.pass('0 seconds');
		const [problem, ...others] = run.takeProblems();
		expect(problem).toMatch(/'Collect' makes one item of many people, so Journey State 'Wait'.*Take 'Collect' out/);
		expect(others).toEqual([]);
		expect(await run.timeline()).toEqual([]);
		await run.publish(through(replace('Collect')));
		await run.pass('10 seconds');
		expect((await run.timeline()).filter((line) => line.includes('parked'))).toHaveLength(4);
	});

	it('refuses two States in parallel, by both names', async () => {
		const run = await open({
			name: 'Parallel', nodes: [entry, wait, delayState('Also', 1, 'days'), end], connections: wires('Entry > Wait', 'Entry > Also', 'Wait > End', 'Also > End'),
		});
		await run.send(...carts);
		await run.pass('0 seconds');
		expect(run.takeProblems()).toEqual([expect.stringMatching(/(?=.*'Wait')(?=.*'Also')/)]);
		expect(await run.timeline()).toEqual([]);
	});

	it('lets an Aggregate on a side way be', async () => {
		const run = await open({
			name: 'Side way', nodes: [entry, baseNode('Collect', 'aggregate', 1, { aggregate: 'aggregateAllItemData' }), wait, end],
			connections: { ...wires('Wait > End'), Entry: { main: [[{ node: 'Collect', type: 'main', index: 0 }, { node: 'Wait', type: 'main', index: 0 }]] } },
		});
		await run.send(...carts);
		await run.pass('1 day');
		expect(run.itemsOf('Collect')).toHaveLength(1);
		expect(run.itemsOf('End')).toHaveLength(4);
	});

	it('takes nobody for another behind Code that reorders whole items: each goes on alone', async () => {
		const run = await open(through(code('Mix', 'return items.map(({ json }) => ({ json })).reverse();')));
		await run.send(...carts);
		await run.pass('1 day');
		expect(run.takeProblems()[0]).toMatch(/carries the journey of one customer and descends from another/);
		expect(run.warnings).toEqual(expect.arrayContaining([expect.stringMatching(/'Mix' stands in front of Journey State 'Wait'/)]));
		expect(run.itemsOf('End').map(({ json }) => (json.context as { total: number }).total).sort()).toEqual([10, 20, 30, 40]);
		expect((await run.timeline()).filter((line) => line.includes('done: completed'))).toHaveLength(4);
	});

	const merge = (more: object = {}) => baseNode('Merge', 'merge', 3, { mode: 'combine', combineBy: 'combineByPosition', ...more });
	const toMerge = (from: string) => ({ [from]: { main: [[{ node: 'Merge', type: 'main', index: 1 }]] } });

	it.each([
		['who carry their journeys', [baseNode('Small', 'noOp', 1), baseNode('Big', 'noOp', 1)], []],
		['whose items were replaced', [replace('Small'), replace('Big')], []],
		// Behind two different journey nodes n8n finds one customer at each, and says nothing of the other.
		['who came by different journey nodes', [replace('Small'), replace('Big')], ['small', 'big'].map((tags) => journeyNode(`Tag ${tags}`, 'journeyAction', { operation: 'addTags', tags }))],
	])('stops at a Merge by position, by its name, before it makes one of two customers %s', async (_, nodes, [small, big]) => {
		const run = await open({
			name: 'Merge', nodes: [entry, baseNode('If', 'if', 2.2, { conditions: totalOver(20) }), ...nodes, ...(small ? [small, big!] : []), merge(), wait, end],
			connections: {
				...wires('Entry > If', ...(small ? ['If:0 > Tag big', 'If:1 > Tag small', 'Tag big > Big', 'Tag small > Small'] : ['If:0 > Big', 'If:1 > Small']), 'Small > Merge', 'Merge > Wait', 'Wait > End'),
				...toMerge('Big'),
			},
		});
		await run.send(...carts);
		await run.pass('0 seconds');
		expect(run.takeProblems()).toEqual([expect.stringContaining(`'Merge' made item 0 of several customers' items, so Wait cannot tell whose it is`)]);
		expect((await run.timeline()).filter((line) => line.includes('parked'))).toEqual([]);
	});

	it('lets a Merge by position put together what two ways brought for the same customer', async () => {
		const run = await open({
			name: 'Enriched', nodes: [entry, replace('Look up'), merge(), wait, end],
			connections: {
				...wires('Look up > Merge', 'Merge > Wait', 'Wait > End'),
				Entry: { main: [[{ node: 'Look up', type: 'main', index: 0 }, { node: 'Merge', type: 'main', index: 1 }]] },
			},
		});
		await run.send(...carts);
		await run.pass('1 day');
		expect(run.itemsOf('End').map(({ json }) => (json.context as { total: number }).total).sort()).toEqual([10, 20, 30, 40]);
	});

	it('lets a Merge by fields enrich customers with what was looked up for another of them', async () => {
		const run = await open({
			name: 'Looked up',
			nodes: [
				entry, baseNode('Plan', 'set', 3.4, assign({ plan: 'free' })), baseNode('Look up', 'set', 3.4, { ...assign({ plan: 'free', rate: '7' }), includeOtherFields: false }),
				merge({ combineBy: 'combineByFields', fieldsToMatchString: 'plan', options: { multipleMatches: 'first' } }), wait, end,
			],
			connections: {
				...wires('Plan > Merge', 'Merge > Wait', 'Wait > End'),
				Entry: { main: [[{ node: 'Look up', type: 'main', index: 0 }, { node: 'Plan', type: 'main', index: 0 }]] },
				...toMerge('Look up'),
			},
		});
		await run.send(...carts);
		await run.pass('1 day');
		expect(run.takeProblems()).toEqual([]);
		expect(run.itemsOf('End').map(({ json }) => (json.context as { total: number }).total).sort()).toEqual([10, 20, 30, 40]);
	});

	it('warns of Code that makes one item of many, which n8n takes for the first of them', async () => {
		const run = await open(through(code('Sum', 'return [{ json: { count: items.length } }];')));
		await run.send(...carts.slice(0, 2));
		await run.pass('0 seconds');
		expect(run.warnings).toEqual([expect.stringMatching(/'Sum' stands in front of Journey State 'Wait'.*returns fewer or more/)]);
		expect(await run.timeline()).toContain('+0s customer-2 done: completed');
	});

	it('stops at Code that makes new items of many, instead of taking them for somebody', async () => {
		const run = await open(through(code('Two', 'return [{ json: {} }, { json: {} }];')));
		await run.send(...carts);
		await run.pass('10 seconds');
		expect(run.takeProblems()[0]).toMatch(/Item 0 cannot be traced back to a customer/);
		expect((await run.timeline()).filter((line) => line.includes('parked'))).toEqual([]);
	});
});

journeys('an expression behind a node that puts its own output in place of the customer', (open) => {
	const order = (total: string) => eventState('Wait', [{ event: 'order', output: 'ordered', ...only('total', 'is', total) }], [1, 'hours']);
	const until = (date: string) => journeyNode('Wait', 'journeyState', { waitFor: 'time', until: 'date', date });
	const which = (total: string) => journeyNode('Wait', 'journeyBranch', { rules: { rule: [{ output: 'Big', conditions: { context: [{ path: 'total', operator: 'is', value: total }] } }] } });
	const behind = (state: ReturnType<typeof journeyNode>, ...nodes: ReturnType<typeof baseNode>[]) => ({
		name: 'Behind', nodes: [entry, ...nodes, state, end], connections: wires(...[entry, ...nodes].map(({ name }, at) => `${name} > ${nodes[at]?.name ?? 'Wait'}`), 'Wait > End'),
	});
	const mail = baseNode('Mail', 'set', 3.4, { ...assign({ messageId: 'm1' }), includeOtherFields: false });

	it.each([
		['a filter', order('={{ $json.context.total }}'), 'Property Filters: {{ $json.context.total }} is empty'],
		['a date', until('={{ $json.context.until }}'), 'Date: {{ $json.context.until }} is empty'],
		['a rule', which('={{ $json.context.total }}'), 'Rules: {{ $json.context.total }} is empty'],
	])('is refused where it asks for the customer in %s, with what to write', async (_, state, said) => {
		const run = await open(behind(state, mail));
		await run.send(carts[0]!);
		await run.pass('0 seconds');
		expect(run.takeProblems()).toEqual([expect.stringContaining(`${said}: $json is what 'Mail' put out, and not the customer any more. Write $('Entry').item.json in place of $json.`)]);
		expect((await run.timeline()).filter((line) => /parked|done/.test(line))).toEqual([]);
		// Mended, they go on from where they were.
		await run.publish(behind(JSON.parse(JSON.stringify(state).replace(/\$json/g, "$('Entry').item.json")) as typeof state, mail));
		await run.pass('1 minute');
		expect(run.takeProblems()).toEqual([]);
		expect((await run.timeline()).filter((line) => /parked|done/.test(line))).toHaveLength(1);
	});

	it.each([
		['the customer has', [], '={{ $json.context.nothing }}'],
		['that node’s own output has', [mail], '={{ $json.score }}'],
		['that node’s own output, which has a context too, has', [baseNode('Mail', 'set', 3.4, { ...assign({ context: 'mine' }), includeOtherFields: false })], '={{ $json.context.nothing }}'],
		['the customer has, asked in the right way,', [mail], "={{ $('Entry').item.json.context.nothing }}"],
	])('compares with nothing where %s nothing of it, as ever', async (_, nodes, total) => {
		const run = await open(behind(order(total), ...nodes));
		await run.send(carts[0]!);
		await run.pass('0 seconds');
		expect([run.takeProblems(), (await run.timeline()).filter((line) => /parked/.test(line)).length]).toEqual([[], 1]);
	});
});
