import type { Canvas } from '../../lib/index';
import { branchOutputs } from './branchOutputs';
import { stateOutputs } from './stateOutputs';

interface Split {
	mode?: string;
	variants?: { variant?: Array<{ name?: string }> };
}

/** The names of a journey node's outputs where the user gives them, by position; the share of a side is no part of its name. */
export function outputNames({ type, parameters }: Canvas['nodes'][number]): string[] {
	if (type.endsWith('.journeyState')) return stateOutputs(parameters).map(({ displayName }) => displayName);
	if (!type.endsWith('.journeyBranch')) return [];
	const { mode, variants } = parameters as Split;
	if (mode === 'split') return (variants?.variant ?? []).map(({ name }, at) => name?.trim() || `Side ${at + 1}`);
	return branchOutputs(parameters).map(({ displayName }) => displayName);
}
