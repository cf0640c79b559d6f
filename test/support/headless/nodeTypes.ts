import { join } from 'node:path';
import { NodeHelpers, type IExecuteFunctions, type IVersionedNodeType, type INodeType, type INodeTypes } from 'n8n-workflow';

const PACK = join(__dirname, '../../../nodes');
const BASE = join(__dirname, '../../../node_modules/n8n-nodes-base');

type Loaded = INodeType | IVersionedNodeType;

/** The node types of this pack, from source, and n8n's own; both are loaded when a canvas first names them. */
export class NodeTypes implements INodeTypes {
	private readonly loaded = new Map<string, Loaded>();
	/** Called when a node's work is about to begin, and waited for. */
	entered?: (node: string, items: number) => Promise<void>;

	/** @param replaced node types by full name that stand in for n8n's */
	constructor(replaced: Record<string, INodeType> = {}) {
		for (const [name, type] of Object.entries(replaced)) this.loaded.set(name, type);
	}

	getByName(type: string): Loaded {
		let found = this.loaded.get(type);
		if (!found) this.loaded.set(type, (found = load(type)));
		return found;
	}

	getByNameAndVersion(type: string, version?: number): INodeType {
		const found = NodeHelpers.getVersionedNodeType(this.getByName(type), version);
		const { execute } = found;
		if (!execute) return found;
		const { entered } = this;
		return Object.create(found, {
			execute: {
				value: async function (this: IExecuteFunctions, ...response: never[]) {
					await entered?.(this.getNode().name, this.getInputData().length);
					return await execute.call(this, ...response);
				},
			},
		}) as INodeType;
	}

	getKnownTypes() {
		return {};
	}
}

function load(type: string): Loaded {
	const [pack, name] = type.split('.') as [string, string];
	const file = pack === 'n8n-nodes-journey' ? packFile(name) : pack === 'n8n-nodes-base' ? baseFile(name) : undefined;
	if (!file) throw new Error(`Node type ${type} is neither this pack's nor one of n8n-nodes-base.`);
	// eslint-disable-next-line @typescript-eslint/no-require-imports -- which ones is known when the canvas is
	const [NodeClass] = Object.values(require(file) as Record<string, new () => Loaded>);
	return new NodeClass!();
}

function packFile(name: string): string {
	const className = name[0]!.toUpperCase() + name.slice(1);
	return join(PACK, className, `${className}.node.ts`);
}

function baseFile(name: string): string | undefined {
	// eslint-disable-next-line @typescript-eslint/no-require-imports -- a JSON file, by path
	const { n8n } = require(join(BASE, 'package.json')) as { n8n: { nodes: string[] } };
	const file = n8n.nodes.find((one) => one.toLowerCase().endsWith(`/${name.toLowerCase()}.node.js`));
	return file && join(BASE, file);
}
