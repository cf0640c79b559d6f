import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

interface Settings {
	code: string;
	nodeMode: 'runOnceForAllItems' | 'runOnceForEachItem';
	chunk?: { startIndex: number; count: number };
}

type Result = { ok: true; result: unknown } | { ok: false; error: unknown };

type Compiled = ($input: unknown, items: INodeExecutionData[], item: unknown, $json: unknown) => Promise<unknown>;

// eslint-disable-next-line @typescript-eslint/no-implied-eval -- running a user's code is what a Code node does
const compile = (code: string) => new Function('$input', 'items', 'item', '$json', `return (async () => {${code}\n})()`) as Compiled;

/**
 * Stands in for n8n's task runner, which is a process of its own: runs the JavaScript of a Code node on copies of its
 * items. It knows `$input`, `items`, `item` and `$json`.
 */
export async function runCode(settings: Settings, context: IExecuteFunctions): Promise<Result> {
	const items = structuredClone(context.getInputData());
	const $input = { all: () => items, first: () => items[0], last: () => items.at(-1), item: undefined as INodeExecutionData | undefined };
	const run = compile(settings.code);
	try {
		if (settings.nodeMode === 'runOnceForAllItems') return { ok: true, result: await run($input, items, undefined, undefined) };
		const { startIndex, count } = settings.chunk ?? { startIndex: 0, count: items.length };
		const result = [];
		for (let at = startIndex; at < startIndex + count; at++) {
			const item = items[at]!;
			$input.item = item;
			const made = (await run($input, items, item, item.json)) as INodeExecutionData;
			result.push({ ...made, pairedItem: { item: at } });
		}
		return { ok: true, result };
	} catch (error) {
		return { ok: false, error };
	}
}
