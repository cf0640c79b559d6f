import { checkCanvas } from '../../lib/core/canvas/check';
import { base, check, draw, journey, mailer } from './drawing';

const entry = journey('EntryTrigger');
const state = journey('State');
const end = base('noOp');

/** [node, other, message] of each problem. */
const problems = (...drawing: Parameters<typeof draw>) =>
	checkCanvas(draw(...drawing)).problems.map(({ node, other, message }) => [node, other, message]);
const warnings = (...drawing: Parameters<typeof draw>) =>
	checkCanvas(draw(...drawing)).warnings.map(({ node, other, message }) => [node, other, message]);

describe('two places at once', () => {
	const nodes = {
		Start: entry, A: state, B: state, Set: base('set'), If: base('if'), Tag: journey('Action', { parameters: { operation: 'addTags' } }),
		Check: check(), Mail: mailer(), Split: journey('Branch'), Off: base('set', { disabled: true }), End: end,
	};
	const both = (one: string, two: string, from: string, output: number) => [
		[one, two, expect.stringMatching(new RegExp(`^An instance waits in one place: output ${output} of .*'${from}' leads to both .*'${one}' and .*'${two}'\\.`))],
	];

	test.each([
		['directly', ['Start > A', 'Start > B'], both('A', 'B', 'Start', 1)],
		['behind nodes of n8n', ['Start > Set > If:1 > A', 'Set > Mail > B'], both('A', 'B', 'Set', 1)],
		['behind an Action that changes the profile', ['Start > Tag > A', 'Start > B'], both('A', 'B', 'Start', 1)],
		['behind a disabled node', ['Start > Off > A', 'Start > B'], both('A', 'B', 'Start', 1)],
		['as two targets of a disabled node', ['Start > Off > A', 'Off > B'], both('A', 'B', 'Start', 1)],
		['a check and a State', ['Start > Check > Mail > A', 'Start > B', 'Check:1 > A'], both('Check', 'B', 'Start', 1)],
		['from a later output', ['Start > A', 'A:2 > Set > A', 'A:2 > B'], both('A', 'B', 'A', 3)],
	])('%s', (_, lines, expected) => {
		expect(problems(nodes, ...lines)).toEqual(expected);
	});

	test.each([
		['one behind the other', ['Start > A > B']],
		['different outputs', ['Start > If > A', 'If:1 > B']],
		['Send now and Skipped to the same State', ['Start > Check > Mail > A', 'Check:1 > A']],
		['two ways to the same State', ['Start > Set > A', 'Start > A']],
		['a side way that ends', ['Start > Set > End', 'Start > A > B']],
		['a Branch that chooses', ['Start > Split > A', 'Split:1 > B']],
		['a Branch that may choose', ['Start > Split > A', 'Start > B']],
		['two ways to the same check', ['Start > Check > Mail > A', 'Start > Set > Check', 'Check:1 > A']],
		['the second input of a disabled node leads nowhere', ['Start > Off:1', 'Off > A', 'Start > B']],
		['the second output of a disabled node leads nowhere', ['Start > Off', 'Off:1 > A', 'Start > B']],
	])('%s is fine', (_, lines) => {
		expect(problems(nodes, ...lines)).toEqual([]);
	});
});

describe('a State inside Loop Over Items', () => {
	const nodes = { Start: entry, Loop: base('splitInBatches', { typeVersion: 3 }), Wait: state, Set: base('set'), End: end };
	const message = expect.stringMatching(/^Journey State 'Wait' stands inside the loop of 'Loop'.*Remove 'Loop'/);

	test('is refused', () => {
		expect(problems(nodes, 'Start > Loop > End', 'Loop:1 > Set > Wait > Loop')).toEqual([['Wait', 'Loop', message]]);
	});

	test.each([1, 2])('version %i loops by its first output', (typeVersion) => {
		const older = { ...nodes, Loop: base('splitInBatches', { typeVersion }) };
		expect(problems(older, 'Start > Loop > Set > Wait > Loop', 'Loop:1 > End')).toEqual([['Wait', 'Loop', message]]);
		expect(problems(older, 'Start > Loop > Set > Loop', 'Loop:1 > Wait > End')).toEqual([]);
	});

	test('behind the loop it is fine, also where the journey itself goes round', () => {
		expect(problems(nodes, 'Start > Loop > Wait > End', 'Loop:1 > Set > Loop')).toEqual([]);
		expect(problems(nodes, 'Start > Loop > Wait > Loop', 'Loop:1 > Set > Loop')).toEqual([]);
		expect(problems({ ...nodes, Again: state }, 'Start > Wait > Set > Again > Wait')).toEqual([]);
	});
});

describe('whose item is it', () => {
	const nodes = { Start: entry, Wait: state, Set: base('set'), End: end };
	const sending = { ...nodes, Check: check(), Mail: mailer() };

	test.each([
		base('aggregate'), base('summarize'), base('itemLists', { parameters: { operation: 'concatenateItems' } }),
		base('itemLists', { parameters: { operation: 'aggregateItems' } }), base('itemLists', { parameters: { operation: 'summarize' } }),
	])('$type $parameters makes one of many', (join) => {
		expect(problems({ ...nodes, Join: join }, 'Start > Set > Join > Set', 'Set > Wait > End')).toEqual([
			['Join', 'Wait', expect.stringMatching(/^'Join' makes one item of many people, so Journey State 'Wait'/)],
		]);
		expect(problems({ ...sending, Join: join }, 'Start > Check > Join > Mail', 'Check:1 > End')).toEqual([
			['Join', 'Mail', expect.stringMatching(/so 'Mail' behind it/)],
		]);
		expect(problems({ ...nodes, Join: join }, 'Start > Join > Set > End', 'Start > Wait')).toEqual([]);
	});

	test('Journey Control makes one of many', () => {
		const control = journey('Control', { parameters: { operation: 'status' } });
		const message = (next: string) => expect.stringMatching(new RegExp(`^Journey Control 'Status' makes one item of many people, so ${next} behind it could not tell whose it is\\. Take 'Status' out`));
		expect(problems({ ...nodes, Status: control }, 'Start > Status > Wait > End')).toEqual([['Status', 'Wait', message("Journey State 'Wait'")]]);
		expect(problems({ ...sending, Status: control }, 'Start > Check > Status > Mail > End', 'Check:1 > End')).toEqual([['Status', 'Mail', message("'Mail'")]]);
		expect(problems({ ...nodes, Status: control }, 'Start > Wait > Status > End')).toEqual([]);
		// Of another store, for whoever looks after both.
		const other = { ...control, credentials: { journeyStore: { id: '2', name: 'Other' } } };
		expect(problems({ ...nodes, Hook: base('webhook'), Status: other }, 'Start > Wait > End', 'Hook > Status')).toEqual([]);
	});

	test('splitting a list keeps the person', () => {
		const split = base('itemLists', { parameters: { operation: 'splitOutItems' } });
		expect(problems({ ...nodes, Split: split }, 'Start > Split > Wait > End')).toEqual([]);
	});

	test.each([
		[base('code', { parameters: { mode: 'runOnceForAllItems' } }), /^'It' stands in front of Journey State 'Wait' and gets all people .*"Run Once for Each Item"/],
		[base('code'), /gets all people/], [base('function'), /gets all people/], [base('aiTransform'), /gets all people/],
		[base('itemLists', { parameters: { operation: 'limit' } }), /looks at one batch/],
		[base('itemLists', { parameters: { operation: 'removeDuplicates' } }), /looks at one batch/],
		[base('itemLists', { parameters: { operation: 'sort' } }), undefined],
		[base('limit'), /looks at one batch/], [base('removeDuplicates'), /looks at one batch/],
		[base('merge', { parameters: { mode: 'combine' } }), /makes one item of two/],
		[base('merge', { parameters: { mode: 'combineBySql' } }), /makes one item of two/],
		[base('code', { parameters: { mode: 'runOnceForEachItem' } }), undefined], [base('functionItem'), undefined],
		[base('merge', { parameters: { mode: 'append' } }), undefined], [base('merge'), undefined],
	])('%j in between', (node, message) => {
		expect(warnings({ ...nodes, It: node }, 'Start > Set > It > Wait > End')).toEqual(message ? [['It', 'Wait', expect.stringMatching(message)]] : []);
		expect(warnings({ ...nodes, It: node }, 'Start > Set > It > End', 'Start > Wait > End')).toEqual([]);
	});
});

describe('the Entry Trigger', () => {
	test('there is one', () => {
		expect(problems({ Start: entry, Second: entry, End: end }, 'Start > End', 'Second > End')).toEqual([
			['Start', 'Second', expect.stringMatching(/two Entry Triggers, 'Second' and 'Start'/)],
		]);
	});

	test.each([state, journey('Branch'), journey('AudienceFilter'), journey('ConversionGoal'), check()])('$type $parameters needs one', (node) => {
		const nodes = { Hook: base('webhook'), It: node, Mail: mailer(), End: end };
		const lines = ['Hook > It > Mail', 'It:1 > End'];
		expect(problems(nodes, ...lines)).toEqual([['It', undefined, expect.stringMatching(/^Journey .* 'It' works on people of a journey, but this workflow has no Journey Entry Trigger/)]]);
		expect(problems({ ...nodes, Start: entry }, ...lines)).toEqual([]);
		expect(problems({ ...nodes, Start: { ...entry, disabled: true } }, ...lines)).toEqual([]);
	});

	test('Customer Data and the Collector need none', () => {
		expect(problems({ Hook: base('webhook'), Track: journey('CustomerData'), Door: journey('EventCollectorTrigger') }, 'Hook > Track')).toEqual([]);
	});
});

describe('the store', () => {
	const shop = { credentials: { journeyStore: { id: '1', name: 'Shop Postgres' }, smtp: { id: '9', name: 'Mail' } } };
	const other = { credentials: { journeyStore: { id: '2', name: 'Shop Postgres' } } };
	const stores = (start: object, wait: object) => problems({ Wait: { ...state, ...wait }, Start: { ...entry, ...start }, End: end }, 'Start > Wait > End');

	test('is the same for all', () => {
		expect(stores(shop, shop)).toEqual([]);
		expect(stores({}, {})).toEqual([]);
		expect(stores({}, { credentials: { smtp: { id: '9', name: 'Mail' } } })).toEqual([]);
	});

	test('is compared with that of the Entry Trigger', () => {
		expect(stores(shop, {})).toEqual([
			['Wait', 'Start', expect.stringMatching(/^Journey State 'Wait' uses the default store \(no credential\), Journey Entry Trigger 'Start' uses 'Shop Postgres'\./)],
		]);
		expect(stores({}, shop)).toEqual([['Wait', 'Start', expect.stringMatching(/'Wait' uses 'Shop Postgres', .* uses the default store/)]]);
		expect(stores(shop, other)).toEqual([['Wait', 'Start', expect.stringMatching(/'Wait' uses 'Shop Postgres' \(id 2\), .* uses 'Shop Postgres' \(id 1\)/)]]);
		expect(stores(shop, { ...other, disabled: true })).toEqual([]);
	});
});

describe('the store without an Entry Trigger', () => {
	test('is still the same for all', () => {
		const data = (name: string) => journey('CustomerData', { credentials: { journeyStore: { id: name, name } } });
		expect(problems({ Hook: base('webhook'), One: data('Shop'), Two: data('Shop') }, 'Hook > One > Two')).toEqual([]);
		expect(problems({ Hook: base('webhook'), One: data('Shop'), Two: data('Test') }, 'Hook > One > Two')).toEqual([
			['Two', 'One', expect.stringMatching(/^Journey Customer Data 'Two' uses 'Test', Journey Customer Data 'One' uses 'Shop'/)],
		]);
	});
});

describe('warnings', () => {
	test.each([
		['EntryTrigger', /nobody new enters/], ['State', /Time is up, and people already waiting there stay/],
		['ConversionGoal', /counts no conversions/], ['AudienceFilter', /everybody goes straight on by its first output/],
	])('a disabled %s', (kind, message) => {
		const nodes = { Start: entry, It: journey(kind, { disabled: true }), End: end };
		expect(warnings(nodes, 'Start > It > End')).toEqual([['It', undefined, expect.stringMatching(message)]]);
		expect(warnings({ ...nodes, It: base('set', { disabled: true }) }, 'Start > It > End')).toEqual([]);
	});

	test('a State with nothing behind it', () => {
		const nodes = { Start: entry, Wait: state, Off: base('set', { disabled: true }), End: end };
		const trailing = [['Wait', undefined, expect.stringMatching(/^Nothing is connected behind Journey State 'Wait'/)]];
		expect(warnings(nodes, 'Start > Wait')).toEqual(trailing);
		expect(warnings(nodes, 'Start > Wait > Off')).toEqual(trailing);
		expect(warnings(nodes, 'Start > Wait', 'Wait:3 > End')).toEqual([]);
	});

	test.each([{ until: 'date' }, { waitFor: 'events', limitUntil: 'date' }])('a State with nothing behind No date: %j', (parameters) => {
		const nodes = { Start: entry, Wait: journey('State', { parameters }), End: end };
		expect(warnings(nodes, 'Start > Wait > End')).toEqual([['Wait', undefined, expect.stringMatching(/^No date of Journey State 'Wait' is not connected: .* reason no_date/)]]);
		expect(warnings(nodes, 'Start > Wait > End', 'Wait:1 > End')).toEqual([]);
	});
});

describe('a Goal and a State on the same event', () => {
	const waiting = (event: string, waitFor = 'events') => journey('State', { parameters: { waitFor, events: { branch: [{ event: 'Email Clicked' }, { event }] } } });
	const found = (goal: object, wait = waiting('Order Completed '), more = {}) =>
		warnings({ Start: entry, Bought: journey('ConversionGoal', { parameters: { event: 'Order Completed', ...goal }, ...more }), Wait: wait, End: end }, 'Start > Wait > End');
	const never = /^Journey State 'Wait' will never leave by Order Completed: Journey Conversion Goal 'Bought' takes it first\./;

	test.each([
		[{ type: 'conversion', exit: true }, never], [{}, never], [{}, /or set When It Is Reached of 'Bought' to "Stay and Only Count"\.$/],
		[{ type: 'exit', exit: false }, never], [{ type: 'exit' }, /Remove the event from 'Wait'\.$/],
		[{ filters: { conditions: [{ path: 'total' }] } }, /leaves by Order Completed only when .*'Bought' does not count it/],
		[{ options: { window: { period: { windowAmount: 7, windowUnit: 'days' } } } }, /only when .* does not count it/],
		[{ filters: { conditions: [] } }, never],
	])('%j', (goal, message) => {
		expect(found(goal)).toEqual([['Wait', 'Bought', expect.stringMatching(message)]]);
	});

	test('does not matter where it only counts, waits for something else, or is disabled', () => {
		expect(found({ type: 'conversion', exit: false })).toEqual([]);
		expect(found({ event: 'Order Paid' })).toEqual([]);
		expect(found({ event: '' }, waiting(''))).toEqual([]);
		expect(found({}, waiting('Order Completed', 'time'))).toEqual([]);
		expect(found({}, state)).toEqual([]);
		expect(found({}, undefined, { disabled: true })).toEqual([['Bought', undefined, expect.stringContaining('is disabled')]]);
	});
});
