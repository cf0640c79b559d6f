import { nameOf } from '../name';
import type { Canvas } from './canvas';
import { named } from './roles';

/** The nodes of a journey that ask for a segment, as messages name them: whatever a panel holds under the name `segment` is one. */
export function nodesAskingFor(canvas: Canvas, segment: string): string[] {
	return canvas.nodes.filter((node) => !node.disabled && holds(node.parameters, segment)).map(named);
}

function holds(value: unknown, segment: string): boolean {
	if (Array.isArray(value)) return value.some((one) => holds(one, segment));
	if (typeof value !== 'object' || value === null) return false;
	return Object.entries(value).some(([key, inner]) => (key === 'segment' && nameOf(inner) === segment) || holds(inner, segment));
}
