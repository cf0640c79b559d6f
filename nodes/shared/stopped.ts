import type { IExecuteFunctions, IRunData, IRunExecutionData, ISourceData, ITaskData } from 'n8n-workflow';

import { messageOf } from './settlement';

/** What is known of an execution when n8n says that it is over. */
export interface Ended {
	/** Why it did not go through; undefined: it did. */
	error?: string;
	/** What its nodes put out. One that was cut off in the middle has a run there with an error and nothing else. */
	runData: IRunData;
	/** What becomes of messages that reached no node that sends, as far as the run data tells. */
	unreached: 'released' | 'unknown';
}

/** A node that n8n has begun to run. */
interface Begun {
	node: string;
	run: number;
	source: Array<ISourceData | null>;
}

interface Insides {
	runExecutionData: IRunExecutionData;
	additionalData: {
		/** Milliseconds, by n8n's clock. */
		executionTimeoutTimestamp?: number;
		hooks: { addHandler(hook: 'nodeExecuteBefore', handler: (node: string, begun: Pick<ITaskData, 'source'>) => void): void };
	};
}

const AGAIN = 'Whoever has not come to the next State goes back and is tried again';
const BY_HAND = `The execution was stopped before it was through: by hand, or because n8n was shut down. ${AGAIN}.`;
const BY_TIME = 'The execution was stopped by a time limit before it was through: Timeout Workflow in the settings of the workflow, or '
	+ `EXECUTIONS_TIMEOUT. Raise it if that happens again. ${AGAIN}, in a smaller batch.`;

/**
 * Watches an execution from its first journey node on, and tells how it has ended.
 *
 * Stopped by hand, by a time limit or by a shutdown, n8n says that it is over at once: with no error, and while a node
 * is still running, which goes on, and after which none is started. So a message in that node may have been sent or
 * not, and every other without an outcome was not. n8n notices a time limit between two nodes as well, and then says it
 * by an error.
 *
 * n8n could be between having taken a node and telling that it begins: then nobody knows which messages are in it.
 */
export function watchExecution(context: IExecuteFunctions): () => Ended {
	const { runExecutionData, additionalData } = context as unknown as Insides;
	const runsOf = (node: string) => runExecutionData.resultData.runData[node] ?? [];
	const begins = (node: string, source: Begun['source']): Begun => ({ node, source, run: runsOf(node).length });
	const isRunning = ({ node, run }: Begun) => runsOf(node)[run] === undefined;
	let latest = begins(context.getNode().name, []);
	let cut: Begun | undefined;
	additionalData.hooks.addHandler('nodeExecuteBefore', (node, { source }) => void (latest = begins(node, source)));
	const stop = context.getExecutionCancelSignal();
	stop?.addEventListener('abort', () => (cut = isRunning(latest) ? latest : undefined), { once: true });

	return () => {
		const { error, runData } = runExecutionData.resultData;
		const { executionTimeoutTimestamp: limit = Infinity } = additionalData;
		const words = Date.now() < limit ? BY_HAND : BY_TIME;
		if (!stop?.aborted) return { error: error && 'reason' in error && error.reason === 'timeout' ? words : messageOf(error), runData, unreached: 'released' };
		if (!cut || !isRunning(cut)) return { error: words, runData, unreached: cut ? 'released' : 'unknown' };
		const task = { source: cut.source, error: { message: `the execution was stopped while '${cut.node}' ran` } } as ITaskData;
		return { error: words, runData: { ...runData, [cut.node]: [...runsOf(cut.node), task] }, unreached: 'released' };
	};
}
