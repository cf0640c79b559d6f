import type { IExecuteFunctions, INodeExecutionData, IRunData } from 'n8n-workflow';

import { acknowledgedAtEnd } from '../../nodes/shared/execution';
import { outcomesOf } from '../../nodes/shared/settlement';

const SENDING = { action: 'Check', run: 0, mailers: ['Mail'], withErrorOutput: [] };

/** What the nodes of an execution left behind in which *Check* let so many through to *Mail*, which put out these. */
function runData(outputs: Array<Partial<INodeExecutionData>>): IRunData {
	const sent = outputs.map((_, at): INodeExecutionData => ({ json: { delivery: { id: at + 1 } } }));
	const said = outputs.map((one, item): INodeExecutionData => ({ json: {}, pairedItem: { item }, ...one }));
	return { Check: [{ data: { main: [sent] } }], Mail: [{ source: [{ previousNode: 'Check' }], data: { main: [said] } }] } as unknown as IRunData;
}

/** As a community node or a Code node puts it there. */
const odd = (error: unknown) => ({ error } as Partial<INodeExecutionData>);
const around: Record<string, unknown> = {};
around.self = around;

describe('what became of messages', () => {
	it('is read from whatever a node calls an error', () => {
		const outcomes = outcomesOf(runData([
			odd({ message: { code: 550 } }), odd({ message: 550 }), odd('no such box'), odd({ message: around }), odd({ code: 7 }),
			{ json: { error: { message: ['a', 'b'] } } }, { json: { error: around as never } }, { json: { messageId: 'm' } }, odd(new Error('550')), odd({ message: undefined }),
		]), SENDING);
		const circular = 'an error that cannot be told as text';
		expect(outcomes.map((one) => [one.outcome, one.error])).toEqual([
			['failed', '{"code":550}'], ['failed', '550'], ['failed', 'no such box'], ['failed', circular], ['failed', '{"code":7}'],
			['failed', '["a","b"]'], ['failed', circular], ['sent', undefined], ['failed', '550'], ['failed', 'undefined'],
		]);
	});

	it('is told with the error of the execution in words, whatever that is', async () => {
		for (const [error, told] of [[{ message: 7n }, 'an error that cannot be told as text'], [{ message: { code: 1 } }, '{"code":1}'], [undefined, undefined]]) {
			const run = new Run();
			run.context.runExecutionData.resultData.error = error;
			await run.begin();
			await run.end();
			expect(run.acknowledged).toEqual([told]);
		}
	});
});

/** An execution of n8n at its first journey node. */
class Run {
	readonly acknowledged: unknown[] = [];
	readonly stop = new AbortController();
	end = async () => undefined as void;
	private held = false;
	readonly context = {
		getNode: () => ({ name: 'Wait' }),
		getExecutionCancelSignal: () => this.stop.signal,
		onExecutionFinish: (work: () => Promise<void>) => (this.end = work),
		additionalData: { hooks: { addHandler: () => undefined } },
		runExecutionData: { resultData: { error: undefined as unknown, runData: {} } },
	};

	/** @param fence what passing the start fence has to wait for */
	async begin(fence: Promise<void> = Promise.resolve()): Promise<unknown[]> {
		const engine = { executions: { has: () => this.held, acknowledge: async (_: unknown, ending: { error?: string }) => this.acknowledged.push(ending.error) } };
		return await acknowledgedAtEnd(this.context as unknown as IExecuteFunctions, engine as never, { token: 't', execution: 'e' }, async () => {
			await fence;
			this.held = true;
			return ['customer-1'];
		});
	}
}

describe('an execution that is stopped at the start fence', () => {
	it('passes no fence afterwards, since nobody would say what becomes of them', async () => {
		const run = new Run();
		run.stop.abort();
		expect(await run.begin()).toEqual([]);
		await run.end();
		expect(run.acknowledged).toEqual([]);
	});

	it('is acknowledged when it has passed it, once', async () => {
		const run = new Run();
		let open = () => undefined as void;
		const begun = run.begin(new Promise<void>((resolve) => (open = resolve)));
		run.stop.abort();
		const ends = [run.end(), run.end()];
		open();
		expect(await begun).toEqual(['customer-1']);
		await Promise.all(ends);
		expect(run.acknowledged).toEqual([expect.stringContaining('stopped before it was through: by hand')]);
	});
});
