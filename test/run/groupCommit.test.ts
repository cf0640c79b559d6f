import { GroupCommit } from '../../lib/run/collector/groupCommit';
import type { Outcome, Part } from '../../lib/run/takeInParts';
import { eventOf } from '../support/world';

const STORED: Outcome = { stored: true, refused: [] };
const part = (name: string, events = 1): Part => ({ entries: Array.from({ length: events }, () => eventOf(name, 'Seen', new Date(0))), refused: [], keptOf: () => ({ body: '' }) });
const nameOf = ({ entries }: Part) => entries[0]!.identities[0]!.value;
const turn = async () => await new Promise((resolve) => setImmediate(resolve));

/** A store whose commits end when the test says so. */
function heldStore() {
	const commits: Array<{ names: string[]; end: (outcomes?: Outcome[] | Error) => void }> = [];
	const store = async (parts: Part[]) => await new Promise<Outcome[]>((resolve, reject) => {
		const end = (outcomes: Outcome[] | Error = parts.map(() => STORED)) => (outcomes instanceof Error ? reject(outcomes) : resolve(outcomes));
		commits.push({ names: parts.map(nameOf), end });
	});
	return { store, commits };
}

describe('group commit', () => {
	it('gathers what arrives during a commit into the next, and answers each after its own', async () => {
		const { store, commits } = heldStore();
		const group = new GroupCommit(store);
		const answered: string[] = [];
		const add = (name: string) => void group.add(part(name), 0).then(() => answered.push(name));
		add('a');
		await turn();
		['b', 'c', 'd'].forEach(add);
		await turn();
		expect(commits.map(({ names }) => names)).toEqual([['a']]);
		commits[0]!.end();
		await turn();
		expect(commits.map(({ names }) => names)).toEqual([['a'], ['b', 'c', 'd']]);
		expect(answered).toEqual(['a']);
		commits[1]!.end();
		await turn();
		expect(answered).toEqual(['a', 'b', 'c', 'd']);
	});

	it('keeps to 5,000 events a commit, but takes a larger part alone', async () => {
		const { store, commits } = heldStore();
		const group = new GroupCommit(store);
		const all = [['a', 3_000], ['b', 2_000], ['c', 1], ['d', 6_000], ['e', 1]].map(([name, events]) => group.add(part(name as string, events as number), 0));
		for (let at = 0; at < 4; at++) {
			await turn();
			await turn();
			commits[at]!.end();
		}
		await Promise.all(all);
		expect(commits.map(({ names }) => names)).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
	});

	it('refuses with 503 and Retry-After when too much waits, and takes again when there is room', async () => {
		const { store, commits } = heldStore();
		const group = new GroupCommit(store, { events: 10, bytes: 100 });
		const first = group.add(part('a', 6), 0);
		const second = group.add(part('b', 4), 0);
		await expect(group.add(part('c', 1), 0)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
		await turn();
		commits[0]!.end();
		await Promise.all([first, second]);
		const large = group.add(part('d', 11), 0);
		await turn();
		commits[1]!.end();
		expect(await large).toEqual(STORED);
	});

	it('refuses by bytes, too: few events may be large', async () => {
		const { store, commits } = heldStore();
		const group = new GroupCommit(store, { events: 10, bytes: 100 });
		const first = group.add(part('a'), 60);
		await expect(group.add(part('b'), 41)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
		const second = group.add(part('c'), 40);
		await turn();
		commits[0]!.end();
		await Promise.all([first, second]);
		const large = group.add(part('d'), 101);
		await expect(group.add(part('e'), 1)).rejects.toMatchObject({ status: 503 });
		await turn();
		commits[1]!.end();
		expect(await large).toEqual(STORED);
	});

	it('tells each what became of it', async () => {
		const { store, commits } = heldStore();
		const group = new GroupCommit(store);
		const error = new Error('down');
		const [a, b] = [group.add(part('a'), 0), group.add(part('b'), 0)];
		await turn();
		const c = group.add(part('c'), 0);
		commits[0]!.end([STORED, { stored: false, error }]);
		expect([await a, await b]).toEqual([STORED, { stored: false, error }]);
		await turn();
		commits[1]!.end(error);
		expect(await c).toEqual({ stored: false, error });
	});
});
