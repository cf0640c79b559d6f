import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const NOT_YET = 'not yet';

/** The rules of docs/coverage.md, each with the tests that it names. */
const rules = readFileSync(join(ROOT, 'docs/coverage.md'), 'utf8')
	.split('\n')
	.filter((line) => line.startsWith('| ') && !line.startsWith('| Rule |'))
	.map((line) => {
		const [, rule, heldBy] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
		return [rule!, heldBy!] as const;
	});

/** A title as it stands in the source, whichever quotes are around it. */
const titles = (file: string) => readFileSync(join(ROOT, file), 'utf8').replace(/\\(['"`])/g, '$1');

describe('the rules in docs/coverage.md', () => {
	it.each(rules.filter(([, heldBy]) => heldBy !== NOT_YET))('%s: its tests are there', (_, heldBy) => {
		const tests = heldBy.split(/; (?=`test)/).map((test) => /^`([^`]+)`(?: › `(.+)`)?$/.exec(test));
		expect(tests).not.toContain(null);
		for (const [, file, title] of tests.map((test) => test!)) {
			expect([file, existsSync(join(ROOT, file!))]).toEqual([file, true]);
			if (title) expect(titles(file!)).toContain(title);
		}
	});

	it('are without a test only where messages are held back and journeys are measured', () => {
		const sections = readFileSync(join(ROOT, 'docs/coverage.md'), 'utf8').split('\n## ').slice(1);
		expect(sections.filter((section) => section.includes(`| ${NOT_YET} |`)).map((section) => section.split('\n')[0])).toEqual(['Action', 'Measuring']);
	});
});
