import { NodeHelpers, NodeOperationError, Workflow, type IConnections, type IDataObject, type IExecuteFunctions, type INode, type ITriggerFunctions, type IWorkflowSettings } from 'n8n-workflow';

import { canvasOf, isStep, renamedOutputs, type Edited } from '../../lib/index';
import { outputNames } from '../shared/outputNames';
import { fieldError } from '../shared/parameters';
import { wouldRegister } from '../shared/trigger';

/** A workflow as n8n hands it out. */
interface WorkflowJson {
	id: string;
	name?: string;
	nodes: INode[];
	connections: IConnections;
	settings?: IWorkflowSettings;
}

/** The workflow that the panel names, as its nodes would register it if it were published. @throws NodeOperationError naming the field */
export async function readEdited(context: IExecuteFunctions): Promise<Edited> {
	const json = readJson(context);
	const { nodeTypes } = (context as unknown as { workflow: Workflow }).workflow;
	const workflow = refused(context, () => new Workflow({ ...structuredClone(json), active: false, nodeTypes }));
	const nodes = Object.values(workflow.nodes);
	const canvas = canvasOf(nodes, workflow.connectionsBySourceNode);
	const edited: Edited = {
		host: context.getInstanceId(), workflowId: json.id, canvas, faults: [], waits: new Map(), goals: new Map(),
		renamedSince: (before) => renamedOutputs(before, canvas, outputNames),
	};
	for (const node of nodes.filter(({ disabled }) => !disabled)) {
		const type = nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
		try {
			const listener = isStep(node) ? await wouldRegister(type, panelOf(workflow, node)) : undefined;
			if (listener?.journey) edited.key = listener.journey.key;
			if (listener?.waits) edited.waits.set(node.id, listener.waits.rule);
			if (listener?.kind === 'goal' && listener.listens) edited.goals.set(node.id, listener.listens);
		} catch (error) {
			edited.faults.push({ node: node.name, message: `'${node.name}': ${(error as Error).message}` });
			continue;
		}
		const { parameters = {} } = NodeHelpers.getNodeParametersIssues(type.description.properties, node, type.description) ?? {};
		for (const message of Object.values(parameters).flat()) edited.faults.push({ node: node.name, message: `'${node.name}': ${message}` });
	}
	return edited;
}

/** @throws NodeOperationError when it is no workflow */
function readJson(context: IExecuteFunctions): WorkflowJson {
	const field = 'Edited Workflow';
	const given: unknown = context.getNodeParameter('workflow', 0);
	const found = typeof given === 'string' ? parsed(context, field, given) : given;
	// The command line exports a list.
	const json = (Array.isArray(found) && found.length === 1 ? found[0] : found) as Partial<WorkflowJson> | null;
	if (!json || !Array.isArray(json.nodes) || typeof json.connections !== 'object') {
		throw fieldError(context.getNode(), field, 'found no workflow. Connect an n8n node in front that gets it (Workflow: Get), or paste what Download in the editor saves.');
	}
	if (typeof json.id !== 'string' || json.id === '') {
		throw fieldError(context.getNode(), field, 'the workflow has no "id", so nobody can say who is in it. Nodes copied from the canvas have none: get it with an n8n node (Workflow: Get), or paste what Download in the editor saves.');
	}
	return json as WorkflowJson;
}

function parsed(context: IExecuteFunctions, field: string, text: string): unknown {
	try {
		return JSON.parse(text) as IDataObject;
	} catch (error) {
		throw fieldError(context.getNode(), field, `is not JSON: ${(error as Error).message}`);
	}
}

function refused<T>(context: IExecuteFunctions, work: () => T): T {
	try {
		return work();
	} catch (error) {
		throw new NodeOperationError(context.getNode(), `Edited Workflow: ${(error as Error).message}`);
	}
}

/** A node of a workflow that does not run here, as a test run shows its panel to it: what stands there, expressions unevaluated. */
function panelOf(workflow: Workflow, node: INode): ITriggerFunctions {
	const panel = {
		workflow,
		getNode: () => node,
		getMode: () => 'manual',
		getTimezone: () => workflow.timezone,
		getWorkflow: () => ({ id: workflow.id, name: workflow.name, active: workflow.active }),
		getNodeParameter: (path: string, fallback: unknown) =>
			path.split('.').reduce<unknown>((value, name) => (value as IDataObject | null | undefined)?.[name], node.parameters) ?? fallback,
	};
	return panel as unknown as ITriggerFunctions;
}
