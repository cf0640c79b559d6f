import { checkCanvas } from '../../lib/core/canvas/check';
import { mailersOf } from '../../lib/core/canvas/mailers';
import { base, check, draw, journey, mailer } from './drawing';

const entry = journey('EntryTrigger');
const state = journey('State');

/** [node, other, message] of each problem. */
const problems = (...drawing: Parameters<typeof draw>) =>
	checkCanvas(draw(...drawing)).problems.map(({ node, other, message }) => [node, other, message]);
const warnings = (...drawing: Parameters<typeof draw>) =>
	checkCanvas(draw(...drawing)).warnings.map(({ node, other, message }) => [node, other, message]);

describe('a canvas as it should be', () => {
	const good: Parameters<typeof draw> = [
		{
			Cart: entry, Adults: journey('AudienceFilter'), Tidy: base('set'), Vip: base('if'), Check: check(), Mail: mailer(),
			Log: base('postgres'), Wait: state, Each: base('code', { parameters: { mode: 'runOnceForEachItem' } }), Split: journey('Branch'),
			Tag: journey('Action', { parameters: { operation: 'addTags' } }), Bought: journey('ConversionGoal'),
			Digest: base('aggregate'), Slack: base('slack'), Track: journey('CustomerData', { onError: 'continueRegularOutput' }),
			Note: { type: 'n8n-nodes-base.stickyNote' },
		},
		'Cart > Adults > Tidy > Vip > Check > Mail > Log > Wait', 'Vip:1 > Wait', 'Check:1 > Wait', 'Wait > Split > Tag > Each > Adults',
		'Wait:1 > Digest > Slack', 'Bought:1 > Track',
	];

	test('has no problems and no warnings', () => {
		expect(checkCanvas(draw(...good))).toEqual({ problems: [], warnings: [] });
	});

	test('is the same as a custom extension', () => {
		const [nodes, ...lines] = good;
		const renamed = Object.fromEntries(
			Object.entries(nodes).map(([name, node]) => [name, { ...node, type: node.type.replace('n8n-nodes-journey.', 'CUSTOM.') }]),
		);
		expect(checkCanvas(draw(renamed, ...lines))).toEqual({ problems: [], warnings: [] });
		renamed.Wait = { ...renamed.Wait!, executeOnce: true };
		expect(checkCanvas(draw(renamed, ...lines)).problems).toHaveLength(1);
	});

	test('is nothing to say where there is no journey', () => {
		const drawn = draw({ Hook: base('webhook'), Pause: base('wait', { alwaysOutputData: true }), All: base('aggregate') }, 'Hook > Pause > All');
		expect(checkCanvas(drawn)).toEqual({ problems: [], warnings: [] });
	});

	test('an operator’s Action outside of a journey needs no Entry Trigger', () => {
		const list = journey('Action', { parameters: { operation: 'listUnknown' } });
		expect(problems({ Daily: base('scheduleTrigger'), List: list, Ask: base('wait') }, 'Daily > List > Ask')).toEqual([]);
	});
});

describe('a condition of entry', () => {
	const who = journey('AudienceFilter', { parameters: { works: 'entry' } });
	const nodes = { Cart: entry, Who: who, Wait: state, Other: state, Step: journey('AudienceFilter', { parameters: { works: 'step' } }) };

	test('stands directly behind the Entry Trigger, and a step where it likes', () => {
		expect(problems(nodes, 'Cart > Who > Wait > Step > Other')).toEqual([]);
		expect(problems(nodes, 'Cart > Step > Wait > Other', 'Step:1 > Other')).toEqual([['Who', 'Cart', expect.stringMatching(/not stand directly behind Journey Entry Trigger 'Cart'.*"A Step"/)]]);
	});

	test.each([
		[['Cart > Wait > Who > Other'], 'Cart', /does not stand directly behind/],
		[['Cart > Step > Who > Wait'], 'Cart', /does not stand directly behind/],
		[['Cart > Who > Wait > Who'], 'Wait', /Journey State 'Wait' leads to it as well: whoever comes from there would pass unasked/],
		[['Cart > Who > Wait', 'Cart > Other'], 'Other', /for everybody, but Journey State 'Other' stands beside it behind Journey Entry Trigger 'Cart'/],
	])('is a problem in %j', (lines, other, message) => {
		expect(problems(nodes, ...lines)).toContainEqual(['Who', other, expect.stringMatching(message)]);
	});

	test('is not there when it is disabled, which is said', () => {
		const off = { ...nodes, Who: { ...who, disabled: true } };
		expect(problems(off, 'Cart > Wait > Who > Other')).toEqual([]);
		expect(warnings(off, 'Cart > Who > Wait > Other')).toContainEqual(['Who', undefined, expect.stringContaining('it keeps nobody out')]);
	});
});

describe('settings of journey nodes', () => {
	test.each([
		[{ alwaysOutputData: true }, /^Journey State 'Wait' has Always Output Data on: .* Turn Always Output Data off\.$/],
		[{ executeOnce: true }, /^Journey State 'Wait' has Execute Once on: .* Turn Execute Once off\.$/],
		[{ onError: 'continueRegularOutput' }, /^Journey State 'Wait' has On Error set to "Continue": .* Set On Error to "Stop Workflow"/],
		[{ onError: 'continueErrorOutput' }, /On Error set to "Continue \(using error output\)"/],
		[{ continueOnFail: true }, /On Error set to "Continue":/],
		[{ onError: 'stopWorkflow', continueOnFail: true }, /On Error set to "Continue":/],
	])('%j', (setting, message) => {
		expect(problems({ Start: entry, Wait: { ...state, ...setting }, End: base('noOp') }, 'Start > Wait > End'))
			.toEqual([['Wait', undefined, expect.stringMatching(message)]]);
	});

	test.each([{ onError: 'stopWorkflow' }, { retryOnFail: true }, { alwaysOutputData: false }])('%j is fine', (setting) => {
		expect(problems({ Start: entry, Wait: { ...state, ...setting }, End: base('noOp') }, 'Start > Wait > End')).toEqual([]);
	});

	test('Execute Once on a node that people pass loses them', () => {
		const once = base('set', { executeOnce: true });
		expect(problems({ Start: entry, Trim: once, Wait: state, End: base('noOp') }, 'Start > Trim > Wait > End'))
			.toEqual([['Trim', 'Wait', expect.stringMatching(/^'Trim' has Execute Once on: .*Journey State 'Wait'/)]]);
		expect(problems({ Start: entry, Tell: { ...once, type: 'n8n-nodes-base.slack' } }, 'Start > Tell')).toEqual([]);
	});

	test('Always Output Data on a node that people pass is a warning', () => {
		const drawing = { Start: entry, Find: base('postgres', { alwaysOutputData: true }), Wait: state, End: base('noOp') };
		expect(warnings(drawing, 'Start > Find > Wait > End')).toEqual([['Find', 'Wait', expect.stringMatching(/^'Find' has Always Output Data on/)]]);
		expect(warnings(drawing, 'Start > Wait > Find')).toEqual([]);
	});
});

describe('nodes that wait themselves', () => {
	test.each([
		base('wait'), base('form'), { type: '@n8n/n8n-nodes-langchain.chat' },
		base('gmail', { parameters: { resource: 'message', operation: 'sendAndWait' } }),
		base('github', { parameters: { resource: 'workflow', operation: 'dispatchAndWait' } }),
	])('$type', (node) => {
		const message = expect.stringMatching(/^'Pause' keeps its n8n execution waiting, .*Use a Journey State instead/);
		expect(problems({ Start: entry, Pause: node, Wait: state, End: base('noOp') }, 'Start > Pause > Wait > End')).toEqual([['Pause', undefined, message]]);
		expect(problems({ Start: entry, Wait: state, Set: base('set'), Pause: node }, 'Start > Wait:1 > Set > Pause')).toHaveLength(1);
		expect(problems({ Start: entry, Wait: state, Pause: { ...node, disabled: true } }, 'Start > Wait > Pause')).toEqual([]);
		expect(problems({ Start: entry, Wait: state, Hook: base('webhook'), Pause: node }, 'Start > Wait', 'Hook > Pause')).toEqual([]);
	});

	test('other operations, sub-workflows and answers do not wait', () => {
		const send = base('gmail', { parameters: { resource: 'message', operation: 'send' } });
		const call = base('executeWorkflow', { parameters: { options: { waitForSubWorkflow: true } } });
		expect(problems({ Start: entry, Send: send, Call: call, Answer: base('respondToWebhook') }, 'Start > Send > Call > Answer')).toEqual([]);
	});

	test('an agent whose tool asks a person', () => {
		const canvas = draw({ Start: entry, Agent: { type: '@n8n/n8n-nodes-langchain.agent' }, Ask: { type: 'n8n-nodes-base.slackHitlTool' } }, 'Start > Agent');
		expect(checkCanvas(canvas).problems).toEqual([]);
		canvas.connections.Ask = { ai_tool: [[{ node: 'Agent', type: 'ai_tool', index: 0 }]] };
		expect(checkCanvas(canvas).problems).toEqual([expect.objectContaining({ node: 'Ask' })]);
	});
});

describe('mailers', () => {
	const skipping = { Start: entry, Check: check(), End: base('noOp') };

	test('are the first nodes behind Send now that are not data nodes', () => {
		const nodes = {
			...skipping, Set: base('set'), Which: base('switch'), Mail: mailer(), Sms: base('twilio'), Log: base('postgres'), Again: check(), Late: mailer(),
			Off: base('gmail', { disabled: true }), Track: journey('CustomerData'), Else: base('slack'),
		};
		const canvas = draw(nodes, 'Start > Check > Set > Which > Mail > Log', 'Which:1 > Off > Track > Sms', 'Which:2 > Again > Late', 'Check:1 > Else');
		expect(mailersOf(canvas, 'Check').sort()).toEqual(['Mail', 'Sms']);
		expect(mailersOf(canvas, 'Again')).toEqual(['Late']);
		expect(() => mailersOf(canvas, 'Chek')).toThrow("no node 'Chek'");
	});

	test.each(['set', 'if', 'filter', 'switch', 'code', 'functionItem', 'merge', 'noOp', 'limit', 'dateTime', 'markdown', 'html', 'aggregate'])(
		'%s is no mailer', (name) => {
			expect(mailersOf(draw({ ...skipping, It: base(name), Mail: mailer() }, 'Check > It > Mail'), 'Check')).toEqual(['Mail']);
		},
	);

	test('code sends where nothing else does', () => {
		const nodes = { ...skipping, Set: base('set'), Code: base('code'), Later: base('code'), Mail: mailer() };
		expect(mailersOf(draw(nodes, 'Check > Set > Code > Later'), 'Check')).toEqual(['Code']);
		expect(mailersOf(draw(nodes, 'Check > Code > Mail > Later'), 'Check')).toEqual(['Mail']);
	});

	test('inside a loop', () => {
		const nodes = { ...skipping, Loop: base('splitInBatches'), Mail: mailer(), Wait: state };
		expect(mailersOf(draw(nodes, 'Check > Loop > Wait', 'Loop:1 > Mail > Loop'), 'Check')).toEqual(['Mail']);
	});

	test.each([
		[{ onError: 'stopWorkflow' }, /^'Mail' sends for Journey Action 'Check', but its On Error is "Stop Workflow".*"Continue" or "Continue \(using error output\)".*in front of 'Check'/],
		[{ onError: undefined }, /On Error is "Stop Workflow"/],
		[{ onError: 'stopWorkflow', continueOnFail: true }, /its On Error is "Stop Workflow"/],
		[{ onError: undefined, continueOnFail: true }, undefined],
		[{ onError: 'continueErrorOutput' }, undefined],
		[{ retryOnFail: true }, /its Retry On Fail is on: .* Turn Retry On Fail off\.$/],
		[{ executeOnce: true }, /its Execute Once is on/],
		[{ alwaysOutputData: true }, /its Always Output Data is on/],
	])('%j', (setting, message) => {
		const found = problems({ ...skipping, Set: base('set'), Mail: mailer(setting) }, 'Start > Check > Set > Mail > End', 'Check:1 > End');
		expect(found).toEqual(message ? [['Mail', 'Check', expect.stringMatching(message)]] : []);
	});

	test('other nodes may stop and retry', () => {
		const careless = base('postgres', { retryOnFail: true });
		const nodes = { ...skipping, Before: careless, Mail: mailer(), After: careless, Tell: careless };
		expect(problems(nodes, 'Start > Before > Check > Mail > After > End', 'Check:1 > Tell')).toEqual([]);
	});

	test('Skipped must not lead to the mailer', () => {
		const nodes = { ...skipping, Mail: mailer(), Set: base('set') };
		expect(problems(nodes, 'Start > Check > Mail', 'Check:1 > Set > Mail')).toEqual([
			['Mail', 'Check', expect.stringMatching(/^The Skipped output of Journey Action 'Check' leads to 'Mail'/)],
		]);
	});

	test('a disabled check lets everybody through', () => {
		expect(problems({ ...skipping, Check: check({ disabled: true }), Mail: mailer() }, 'Start > Check > Mail')).toEqual([
			['Check', 'Mail', expect.stringMatching(/^Journey Action 'Check' is disabled.*'Mail' unchecked/)],
		]);
	});

	test('Skipped unconnected, and nothing that sends, are warnings', () => {
		expect(warnings({ ...skipping, Mail: mailer() }, 'Start > Check > Mail')).toEqual([
			['Check', undefined, expect.stringMatching(/^Skipped of Journey Action 'Check' is not connected/)],
		]);
		const off = mailer({ disabled: true });
		expect(warnings({ ...skipping, Mail: off }, 'Start > Check > Mail', 'Check:1 > End')).toEqual([
			['Check', undefined, expect.stringMatching(/^Send now of Journey Action 'Check' leads to no node that sends/)],
		]);
	});
});
