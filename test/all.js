/**
 * Every test: first those that compute, then those that start n8n, which mostly wait for it, for leases and for mails.
 * Arguments go to jest, e.g. `npm test -- test/store`.
 *
 * A file that fails is run once more, alone, where that may be the machine's doing: its process was killed from outside, or
 * it starts n8n, on two busy cores, and something did not come in time. What passes only then is named at the end as
 * unsteady, to be looked into. A failed expectation is never the machine's doing, but where it measures the machine.
 */
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, relative } = require('node:path');

/** They count megabytes, or what happens within waits of three seconds. */
const MEASURED = /test\/e2e\/(memory|scenarios|spine)\.test\.ts$/;
const KILLED = /jest worker process .* was terminated by another process/;
const RUNS = [
	{ projects: ['core', 'store', 'nodes'], again: ({ message }) => KILLED.test(message) },
	{ projects: ['e2e'], again: ({ name, assertionResults }) => MEASURED.test(name) || !assertionResults.some(({ failureMessages }) => failureMessages.some(isExpectation)) },
];

/** Something was otherwise than it has to be, in contrast to what did not come in time. Jest may colour it. */
function isExpectation(message) {
	return /^Error: \S{0,8}expect\(/.test(message);
}

const folder = mkdtempSync(join(tmpdir(), 'journey-results-'));
const more = process.argv.slice(2);

/** Runs jest. @returns what it says of its run; without an answer that is one failure */
function run(args) {
	const file = join(folder, 'results.json');
	rmSync(file, { force: true });
	const { status } = spawnSync(process.execPath, [require.resolve('jest/bin/jest'), ...args, '--silent=false', '--json', `--outputFile=${file}`], { stdio: 'inherit' });
	try {
		return { status, ...JSON.parse(readFileSync(file, 'utf8')) };
	} catch (error) {
		console.error(`Jest left no result: ${error.message}`);
		return { status: status || 1, testResults: [], numPassedTests: 0, numFailedTests: 1, numRuntimeErrorTestSuites: 0, numPendingTests: 0, numTodoTests: 0 };
	}
}

const totals = { passed: 0, failed: 0, skipped: 0, unsteady: [] };
for (const { projects, again } of RUNS) {
	const first = run(['--selectProjects', ...projects, '--maxWorkers=2', ...(more.length > 0 ? ['--passWithNoTests', ...more] : [])]);
	const failed = first.testResults.filter(({ status }) => status === 'failed');
	const tests = failed.flatMap(({ assertionResults }) => assertionResults);
	totals.passed += first.numPassedTests;
	totals.skipped += first.numPendingTests + first.numTodoTests;
	if (failed.length === 0 || !failed.every(again)) {
		// A file that cannot even be loaded is one failure.
		totals.failed += first.numFailedTests + first.numRuntimeErrorTestSuites + (first.status !== 0 && failed.length === 0 ? 1 : 0);
		continue;
	}
	const second = run(['--runInBand', '--runTestsByPath', ...failed.map(({ name }) => name)]);
	totals.passed += second.numPassedTests - tests.filter(({ status }) => status === 'passed').length;
	totals.failed += second.numFailedTests + second.numRuntimeErrorTestSuites;
	const passed = second.testResults.filter(({ status }) => status === 'passed');
	totals.unsteady.push(...passed.map(({ name }) => relative(process.cwd(), name)));
}
rmSync(folder, { recursive: true, force: true });

if (totals.unsteady.length > 0) console.log(`Unsteady, passed the second time only: ${totals.unsteady.join(', ')}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 ? 1 : 0;
