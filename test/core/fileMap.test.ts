import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LIB = join(__dirname, '../../lib');
const [, map] = readFileSync(join(LIB, 'README.md'), 'utf8').split('## Files by ring');
const files = (ring: string, options?: { recursive: true }) =>
	readdirSync(join(LIB, ring), options).map(String).filter((file) => file.endsWith('.ts')).map((file) => file.replace(/^.*\//, '').slice(0, -3));

describe('the file map of lib', () => {
	it.each(['core', 'store', 'run', 'report'])('names every file of %s, and no other', (ring) => {
		const section = map!.slice(map!.indexOf(`**${ring}**`)).split(/\n\*\*/)[0]!;
		const named = [...section.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!);
		expect(files(ring).filter((file) => !named.includes(file))).toEqual([]);
		expect(named.filter((name) => !files(ring, { recursive: true }).includes(name))).toEqual([]);
	});
});
