import type { Canvas } from './canvas';
import { entryConditionProblems } from './entryCondition';
import { goalWarnings } from './goals';
import { Graph } from './graph';
import { lineageProblems, lineageWarnings } from './lineage';
import { mailerProblems, mailerWarnings } from './mailers';
import { loopProblems, parallelProblems, trailingWarnings, undatedWarnings, waitingProblems } from './places';
import type { Problem } from './problem';
import { removalProblems } from './removed';
import { settingProblems, settingWarnings } from './settings';
import { entryProblems, storeProblems } from './workflow';

const PROBLEMS = [
	entryProblems, entryConditionProblems, storeProblems, settingProblems, mailerProblems, waitingProblems, parallelProblems, loopProblems,
	lineageProblems, removalProblems,
];
const WARNINGS = [settingWarnings, mailerWarnings, trailingWarnings, undatedWarnings, goalWarnings, lineageWarnings];

/**
 * What is wrong with a published canvas. Problems stop it before any effect; with warnings it runs, though perhaps not
 * as meant. Depends on nothing but the canvas, so one result holds for one hash.
 */
export function checkCanvas(canvas: Canvas): { problems: Problem[]; warnings: Problem[] } {
	const graph = new Graph(canvas);
	return {
		problems: PROBLEMS.flatMap((problems) => problems(graph)),
		warnings: WARNINGS.flatMap((warnings) => warnings(graph)),
	};
}
