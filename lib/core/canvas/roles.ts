import type { CanvasNode } from './canvas';

/** The journey nodes and what a person calls them. */
const LABELS = {
	journeyEntryTrigger: 'Journey Entry Trigger',
	journeyAudienceFilter: 'Journey Audience Filter',
	journeyState: 'Journey State',
	journeyBranch: 'Journey Branch',
	journeyAction: 'Journey Action',
	journeyConversionGoal: 'Journey Conversion Goal',
	journeyCustomerData: 'Journey Customer Data',
	journeyEventCollectorTrigger: 'Journey Event Collector Trigger',
	journeyControl: 'Journey Control',
} as const;
export type JourneyKind = keyof typeof LABELS;

/** How this pack's types start: as an installed package, and as a custom extension. */
const PACK = /^(?:n8n-nodes-journey|CUSTOM)\./;

/** Which journey node this is; `undefined` for a node of n8n or of another pack. */
export function kindOf(node: Pick<CanvasNode, 'type'>): JourneyKind | undefined {
	const kind = node.type.replace(PACK, '');
	return kind !== node.type && Object.hasOwn(LABELS, kind) ? (kind as JourneyKind) : undefined;
}

/** A node as messages name it: `Journey State 'Wait for order'`, `'Gmail'`. */
export function named(node: CanvasNode): string {
	const kind = kindOf(node);
	return kind ? `${LABELS[kind]} '${node.name}'` : `'${node.name}'`;
}

/** A journey node that works on people inside a journey. Customer Data, the Collector and Control work from outside. */
export function isStep(node: Pick<CanvasNode, 'type'>): boolean {
	const kind = kindOf(node);
	return kind !== undefined && !['journeyCustomerData', 'journeyEventCollectorTrigger', 'journeyControl'].includes(kind);
}

/** A Journey Action whose operation is *Check before sending*. */
export function isCheck(node: CanvasNode): boolean {
	return kindOf(node) === 'journeyAction' && node.parameters.operation === 'check';
}

/** A place where an instance can be held. */
export function isParking(node: CanvasNode): boolean {
	return kindOf(node) === 'journeyState' || isCheck(node);
}

/** A step that makes no sense without people. Other Actions may serve an operator, outside of any journey. */
export function carriesPeople(node: CanvasNode): boolean {
	return isStep(node) && (kindOf(node) !== 'journeyAction' || isCheck(node));
}

/** A node that keeps its n8n execution waiting, and everybody in it. */
export function waits(node: CanvasNode): boolean {
	const { operation } = node.parameters;
	return (
		isBase(node, WAITING) ||
		node.type === '@n8n/n8n-nodes-langchain.chat' ||
		node.type.endsWith('HitlTool') ||
		operation === 'sendAndWait' ||
		operation === 'dispatchAndWait'
	);
}

/** A node that prepares or routes data and sends nothing to anybody. */
export function isDataNode(node: CanvasNode): boolean {
	return kindOf(node) === 'journeyCustomerData' || kindOf(node) === 'journeyControl' || isBase(node, DATA) || isCode(node);
}

/** A node that runs the user's own code. */
export function isCode(node: CanvasNode): boolean {
	return isBase(node, CODE);
}

/** Code that gets all people at once and may return them in any order or number. */
export function isCodeForAll(node: CanvasNode): boolean {
	return isCode(node) && !isBase(node, ['functionItem']) && node.parameters.mode !== 'runOnceForEachItem';
}

/** A node that makes one item of many people. */
export function joinsPeople(node: CanvasNode): boolean {
	if (isBase(node, ['itemLists'])) return ITEM_LISTS_JOINING.includes(String(node.parameters.operation));
	return kindOf(node) === 'journeyControl' || isBase(node, ['aggregate', 'summarize']);
}

/** A node that keeps some of the people of a batch because of the others in it. */
export function comparesPeople(node: CanvasNode): boolean {
	if (isBase(node, ['itemLists'])) return ['limit', 'removeDuplicates'].includes(String(node.parameters.operation));
	return isBase(node, ['limit', 'removeDuplicates']);
}

/** A Merge that makes one item of two, which may be two people's. */
export function combines(node: CanvasNode): boolean {
	return isBase(node, ['merge']) && !['append', 'chooseBranch', 'passThrough', 'wait'].includes(String(node.parameters.mode ?? 'append'));
}

/** A Merge that makes one item of those at the same place of its inputs, in all the ways in which its versions say so. */
export function pairsByPosition(node: Pick<CanvasNode, 'type' | 'parameters'>): boolean {
	const { mode, combineBy, combinationMode } = node.parameters;
	return isBase(node, ['merge']) && (mode === 'mergeByIndex' || (mode === 'combine' && [combineBy, combinationMode].some((by) => by === 'combineByPosition' || by === 'mergeByPosition')));
}

/** Which output of a Loop Over Items leads into the loop; `undefined` for any other node. */
export function loopOutput(node: CanvasNode): number | undefined {
	if (!isBase(node, ['splitInBatches'])) return undefined;
	return (node.typeVersion ?? 3) >= 3 ? 1 : 0;
}

/** Does n8n go on when this node fails? */
export function continuesOnError(node: CanvasNode): boolean {
	if (node.onError) return node.onError === 'continueRegularOutput' || node.onError === 'continueErrorOutput';
	return node.continueOnFail === true;
}

function isBase(node: Pick<CanvasNode, 'type'>, names: readonly string[]): boolean {
	const [pack, name] = node.type.split('.');
	return pack === 'n8n-nodes-base' && name !== undefined && names.includes(name);
}

const WAITING = ['wait', 'form'];
const CODE = ['code', 'function', 'functionItem', 'aiTransform'];
const ITEM_LISTS_JOINING = ['aggregateItems', 'concatenateItems', 'summarize'];
const DATA = [
	'set', 'if', 'filter', 'switch', 'merge', 'noOp', 'sort', 'limit', 'dateTime', 'markdown', 'html', 'htmlExtract',
	'xml', 'crypto', 'jwt', 'totp', 'renameKeys', 'removeDuplicates', 'splitOut', 'splitInBatches', 'itemLists',
	'aggregate', 'summarize', 'compareDatasets', 'compression', 'convertToFile', 'extractFromFile', 'moveBinaryData',
	'editImage', 'executionData', 'iCal', 'readPDF', 'spreadsheetFile', 'stopAndError',
];
