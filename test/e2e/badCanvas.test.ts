import { Arrangement, ARRANGEMENTS } from '../support/arrangement';
import { assign, baseNode, journeyNode, wires } from '../support/canvas';
import { delayState, eventState } from '../support/journeys';
import type { Watch } from '../support/watch';

jest.setTimeout(300_000);

type Node = ReturnType<typeof baseNode> & { [setting: string]: unknown };
interface Canvas {
	nodes: Node[];
	connections: ReturnType<typeof wires>;
}

const entry = (event: string): Node => journeyNode('Entry', 'journeyEntryTrigger', { event });
const end = baseNode('End', 'noOp', 1);
const pause = delayState('Pause', 1, 'seconds');
const check = journeyNode('Check', 'journeyAction', { operation: 'check', class: 'transactional' });
const mail = (settings: object): Node => baseNode('Mail', 'emailSend', 2.1, {
	fromEmail: 'shop@example.com', toEmail: 'customer-1@example.com', subject: 'Hello', emailFormat: 'text', text: 'Hello', options: {},
}, settings);
const straight = (...nodes: Node[]): Canvas => ({ nodes, connections: wires(...nodes.slice(1).map((node, at) => `${nodes[at]!.name} > ${node.name}`)) });

/** What is wrong, what n8n has to say, and the same journey mended. The first node is the Entry Trigger. */
const wrongs: Array<{ what: string; says: RegExp; wrong: Canvas; mended: Canvas }> = [
	{
		what: 'two States in parallel',
		says: /output 1 of Journey Entry Trigger 'Entry' leads to both Journey State 'Pause' and Journey State 'Other'/,
		wrong: { nodes: [entry(''), pause, delayState('Other', 1, 'seconds'), end], connections: wires('Entry > Pause', 'Entry > Other', 'Pause > End', 'Other > End') },
		mended: straight(entry(''), pause, delayState('Other', 1, 'seconds'), end),
	},
	{
		what: 'a Wait of n8n between journey nodes',
		says: /'Sleep' keeps its n8n execution waiting, and everybody in it\. Use a Journey State instead/,
		wrong: straight(entry(''), baseNode('Sleep', 'wait', 1.1, { amount: 1, unit: 'seconds' }), pause, end),
		mended: straight(entry(''), pause, end),
	},
	{
		what: 'a mailer that stops on error',
		says: /'Mail' sends for Journey Action 'Check', but its On Error is "Stop Workflow"/,
		wrong: straight(entry(''), check, mail({}), end),
		mended: straight(entry(''), end),
	},
	{
		what: 'a mailer that tries again',
		says: /'Mail' sends for Journey Action 'Check', but its Retry On Fail is on/,
		wrong: straight(entry(''), check, mail({ onError: 'continueRegularOutput', retryOnFail: true }), end),
		mended: straight(entry(''), end),
	},
	...([
		['alwaysOutputData', true, 'Always Output Data on'], ['executeOnce', true, 'Execute Once on'],
		['onError', 'continueRegularOutput', 'On Error set to "Continue"'],
	] as const).map(([setting, value, words]) => ({
		what: `${setting} on a State`,
		says: new RegExp(`Journey State 'Pause' has ${words}`),
		wrong: straight(entry(''), { ...pause, [setting]: value }, end),
		mended: straight(entry(''), pause, end),
	})),
	{
		what: 'an Aggregate between journey nodes',
		says: /'All' makes one item of many people, so Journey State 'Pause' behind it could not tell whose it is/,
		wrong: straight(entry(''), baseNode('All', 'aggregate', 1, { aggregate: 'aggregateAllItemData' }), pause, end),
		mended: straight(entry(''), pause, end),
	},
];

describe.each(ARRANGEMENTS)('a canvas that cannot work (%s)', (kind) => {
	let on: Arrangement;
	let n8n: Arrangement['n8n'];
	let watch: Watch;
	let smtp: string;

	const create = async (name: string, event: string, canvas: Canvas) => (await n8n.createWorkflow({ name, ...ready(event, canvas) })).id;
	/** With an event of its own, and a mailer that n8n agrees to publish. */
	const ready = (event: string, { nodes: [first, ...others], connections }: Canvas) => ({
		settings: { saveDataSuccessExecution: 'none' },
		nodes: [
			{ ...first, parameters: { ...first!.parameters, event } },
			...others.map((node) => (node.name === 'Mail' ? { ...node, credentials: { smtp: { id: smtp, name: 'SMTP' } } } : node)),
		],
		connections,
	});
	/** Publishes a journey for the first time. */
	const publish = async (id: string) => {
		await n8n.activate(id);
		await watch.until('registered', async () => (await watch.rows("SELECT FROM steps s JOIN workflows w ON w.id = s.workflow WHERE s.kind = 'entry' AND workflow_id = $1", [id])).length === 1);
	};
	/** The words of the first failed execution, with the node that stopped it. */
	const stopped = async (id: string) => {
		await watch.until('an execution has stopped', async () => (await n8n.executions(id)).some(({ status }) => status === 'error'));
		const { data } = await n8n.execution((await n8n.executions(id)).at(-1)!.id);
		return { message: data!.resultData.error!.message, last: data!.resultData.lastNodeExecuted, nodes: Object.keys(data!.resultData.runData) };
	};

	beforeAll(async () => {
		on = await Arrangement.start(kind);
		({ n8n, watch } = on);
		smtp = await n8n.createCredential('SMTP', 'smtp', { user: '', password: '', host: '127.0.0.1', port: 1, secure: false, disableStartTls: true });
	});
	afterAll(async () => await on?.stop());

	it('stops before any effect and says why; people stay, uncounted, and go on when it is mended', async () => {
		const ids: string[] = [];
		for (const [at, { what, wrong }] of wrongs.entries()) {
			ids.push(await create(what, `start ${at}`, wrong));
			await publish(ids[at]!);
		}
		for (const at of wrongs.keys()) await watch.send(`start ${at}`, ['u1', 'u2']);

		for (const [at, { what, says }] of wrongs.entries()) {
			const { message, nodes } = await stopped(ids[at]!);
			expect([what, message]).toEqual([what, expect.stringMatching(says)]);
			expect([what, nodes]).toEqual([what, ['Entry']]);
		}
		expect(await watch.tally('attempts', 'candidates')).toEqual({ 0: 2 * wrongs.length });
		expect([await watch.count('instances'), await watch.count('deliveries'), await watch.count('journal')]).toEqual([0, 0, 0]);

		for (const [at, { mended }] of wrongs.entries()) await n8n.publish(ids[at]!, ready(`start ${at}`, mended));
		await watch.until('everybody is through', async () => (await watch.count('finished')) === 2 * wrongs.length);
		expect(await watch.tally('reason', 'finished')).toEqual({ completed: 2 * wrongs.length });
		expect(await watch.count("journal WHERE kind = 'entered'")).toBe(2 * wrongs.length);
	});

	it('keeps who waits already, wakes them in vain, and lets them go on when it is mended', async () => {
		const wait = eventState('Wait', [{ event: 'go' }], [1, 'hours']);
		const good: Canvas = { nodes: [entry(''), wait, baseNode('Set', 'set', 3.4, assign({ seen: 'yes' })), pause, end], connections: wires('Entry > Wait', 'Wait:1 > Set', 'Set > Pause', 'Pause > End') };
		const bad: Canvas = { ...good, nodes: good.nodes.map((node) => (node.name === 'Pause' ? { ...node, executeOnce: true } : node)) };
		const before = await watch.count('finished');
		const id = await create('Waiting', 'start waiting', good);
		await publish(id);
		await watch.send('start waiting', ['u1', 'u2', 'u3']);
		await watch.until('they wait', async () => (await watch.count('instances')) === 3);
		await n8n.publish(id, ready('start waiting', bad));
		await watch.send('go', ['u1', 'u2']);
		expect((await stopped(id)).message).toMatch(/Journey State 'Pause' has Execute Once on: everybody in a batch but one would be lost\. Turn Execute Once off/);
		await watch.until('they are back', async () => (await watch.count('claims')) === 0);
		expect(await watch.rows("SELECT wake, status, attempts, losses, count(*)::int AS n FROM instances GROUP BY 1, 2, 3, 4 ORDER BY 1")).toEqual([
			{ wake: 'event', status: 'waiting', attempts: 0, losses: 0, n: 2 }, { wake: null, status: 'waiting', attempts: 0, losses: 0, n: 1 },
		]);
		await n8n.publish(id, ready('start waiting', good));
		await watch.until('two are through', async () => (await watch.count('finished')) === before + 2);
		expect(await watch.count('instances')).toBe(1);
	});

	it('is not even published when a node by itself cannot work', async () => {
		const refusal = async (name: string, canvas: Canvas) => {
			const { id } = await n8n.createWorkflow({ name, ...canvas });
			return await n8n.activate(id).then(() => 'published', String);
		};
		// n8n tries each for a quarter of a minute.
		const [noEvent, noEvents, noZone, noFilter] = await Promise.all([
			refusal('No event', straight(entry(' '), end)),
			refusal('No events', straight(entry('x'), eventState('Wait', [], [1, 'hours']), end)),
			refusal('No zone', straight(journeyNode('Entry', 'journeyEntryTrigger', { event: 'x', options: { zone: 'Mars/Olympus' } }), end)),
			refusal('No filter', straight(journeyNode('Entry', 'journeyEntryTrigger', { event: 'x', filters: { conditions: [{ path: 'items[', operator: 'is', value: '1' }] } }), end)),
		]);
		expect(noEvent).toMatch(/Entry.*Event: is empty\. Enter the name of the event that lets customers in/);
		expect(noEvents).toMatch(/Wait.*Events: none is given\. Add the event to wait for/);
		expect(noZone).toMatch(/Entry.*Time Zone.*Mars\/Olympus/);
		expect(noFilter).toMatch(/Entry.*Property Filters.*items\[/);
	});
});
