/**
 * Every test: first those that compute, then those that start n8n, which mostly wait for it, for leases and for mails.
 * Arguments go to jest, e.g. `npm test -- test/store`.
 */
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const RUNS = [
	['--selectProjects', 'core', 'store', 'nodes', '--maxWorkers=2'],
	['--selectProjects', 'e2e', '--maxWorkers=2'],
];

const folder = mkdtempSync(join(tmpdir(), 'journey-results-'));
const results = RUNS.map((run, at) => {
	const file = join(folder, `${at}.json`);
	const more = process.argv.slice(2);
	const args = [require.resolve('jest/bin/jest'), ...run, '--silent=false', '--json', `--outputFile=${file}`];
	const { status } = spawnSync(process.execPath, [...args, ...(more.length > 0 ? ['--passWithNoTests', ...more] : [])], { stdio: 'inherit' });
	return { status, counts: countsIn(file) };
});
rmSync(folder, { recursive: true, force: true });

/** What jest says of its run; a file that cannot even be loaded is one failure, and so is a run without an answer. */
function countsIn(file) {
	try {
		const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, numTodoTests } = JSON.parse(readFileSync(file, 'utf8'));
		return [numPassedTests, numFailedTests + numRuntimeErrorTestSuites, numPendingTests + numTodoTests];
	} catch (error) {
		console.error(`Jest left no result: ${error.message}`);
		return [0, 1, 0];
	}
}

const [passed, failed, skipped] = [0, 1, 2].map((at) => results.reduce((sum, { counts }) => sum + counts[at], 0));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || results.some(({ status }) => status !== 0) ? 1 : 0;
