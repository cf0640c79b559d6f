import { validateVariants, type Variant } from '../../lib/index';
import { checked, fieldError } from '../shared/parameters';
import { readRule, type Panel, type RawRule, type Rules } from '../shared/rules';
import { branchOutputs } from '../shared/branchOutputs';

interface Parameters {
	mode?: 'rules' | 'split';
	rules?: { rule?: Array<RawRule & { output?: string }> };
	variants?: { variant?: Variant[] };
	options?: { salt?: string };
}

/** What the panel says, checked. `names` are by output. */
export type Branch =
	| ({ mode: 'rules'; names: string[] } & Rules)
	| { mode: 'split'; variants: Variant[]; /** Empty: journey and node. */ salt: string };

/** Reads the panel. @throws NodeOperationError naming the field */
export function readBranch(context: Panel): Branch {
	const node = context.getNode();
	const parameters = node.parameters as Parameters;
	if (parameters.mode === 'split') {
		const variants = (parameters.variants?.variant ?? []).map(({ name, weight, control }): Variant => ({ name: name.trim(), weight, ...(control && { control }) }));
		checked(context, 'Split Between', () => validateVariants(variants));
		return { mode: 'split', variants, salt: parameters.options?.salt?.trim() ?? '' };
	}
	const raw = parameters.rules?.rule ?? [];
	if (raw.length === 0) throw fieldError(node, 'Rules', 'there is none. Add the rule that customers must match.');
	const names = branchOutputs(parameters).map(({ displayName }) => displayName);
	const twice = names.find((name, at) => names.indexOf(name) < at);
	if (twice !== undefined) throw fieldError(node, 'Output Name', `"${twice}" is there twice. Give each output its own name.`);
	const expressions: Rules['expressions'] = new Map();
	return { mode: 'rules', names, rules: raw.map((rule, at) => readRule(context, `Rule "${names[at + 1]}"`, rule, expressions)), expressions };
}
