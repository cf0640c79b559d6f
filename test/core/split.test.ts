import { checkControls, controlShares, pickVariant, validateVariants, type Variant } from '../../lib/core/split';

const PEOPLE = 100_000;
const sides = (weights: Record<string, number>): Variant[] => Object.entries(weights).map(([name, weight]) => ({ name, weight }));

/** Name of everybody's side. */
function deal(weights: Record<string, number>, salt = 'shop node-1'): string[] {
	const variants = sides(weights);
	return Array.from({ length: PEOPLE }, (_, profile) => variants[pickVariant(variants, salt, profile + 1).index]!.name);
}

const share = (dealt: string[], name: string) => dealt.filter((one) => one === name).length / PEOPLE;
const moved = (before: string[], after: string[]) => before.filter((one, at) => one !== after[at]).length / PEOPLE;

/** Five standard deviations of a share of so many people. */
const near = (found: number, expected: number, people = PEOPLE) => expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / people));

describe('a weighted split', () => {
	it('gives each side its share, whatever the weights add up to', () => {
		const weights = { a: 70, b: 25, c: 4, d: 1 };
		const dealt = deal(weights);
		for (const [name, weight] of Object.entries(weights)) near(share(dealt, name), weight / 100);
		near(share(deal({ a: 1, b: 2 }), 'b'), 2 / 3);
	});

	it('says how probable the side was', () => {
		const variants = sides({ a: 3, b: 1 });
		for (let profile = 1; profile < 100; profile++) {
			const { index, probability } = pickVariant(variants, 's', profile);
			expect(probability).toBe(index === 0 ? 0.75 : 0.25);
		}
	});

	it('lets everybody keep their side when sides change their order, or all weights grow alike', () => {
		const before = deal({ a: 50, b: 30, c: 20 });
		expect(moved(before, deal({ c: 20, a: 50, b: 30 }))).toBe(0);
		expect(moved(before, deal({ a: 5, b: 3, c: 2 }))).toBe(0);
	});

	it('moves people only to a side that grew, and no more than it grew', () => {
		const before = deal({ a: 50, b: 30, c: 20 });
		const after = deal({ a: 50, b: 30, c: 120 });
		expect(before.every((one, at) => after[at] === one || after[at] === 'c')).toBe(true);
		near(moved(before, after), 0.6 - 0.2);
	});

	it('moves only the people of a side that is removed', () => {
		const before = deal({ a: 50, b: 30, c: 20 });
		const after = deal({ a: 50, b: 30 });
		expect(before.every((one, at) => one === 'c' || after[at] === one)).toBe(true);
	});

	it('moves few when many weights change: at most 2d / (1 + d), d being what must move', () => {
		const must = 0.4;
		const found = moved(deal({ a: 60, b: 20, c: 20 }), deal({ a: 20, b: 20, c: 60 }));
		expect(found).toBeGreaterThan(must - 0.01);
		expect(found).toBeLessThan((2 * must) / (1 + must) + 0.01);
	});

	it('moves of a million people just those who must, when one side grows', () => {
		const million = 1_000_000;
		const [before, after] = [sides({ a: 50, b: 50 }), sides({ a: 50, b: 60 })];
		let moves = 0;
		for (let profile = 1; profile <= million; profile++) {
			const [from, to] = [pickVariant(before, 'shop', profile).index, pickVariant(after, 'shop', profile).index];
			if (from === to) continue;
			moves++;
			if (to !== 1) throw new Error(`Profile ${profile} left the side that grew.`);
		}
		// No rule can move fewer than the difference of the shares. Five standard deviations either way.
		const must = 60 / 110 - 50 / 100;
		expect(Math.abs(moves / million - must)).toBeLessThan(5 * Math.sqrt((must * (1 - must)) / million));
	}, 60_000);

	it('keeps controls apart: they have their share, and nobody who was on another side ever comes into one', () => {
		const dealt = (control: number, holdout: number, a: number, b: number) => {
			const variants: Variant[] = [{ name: 'a', weight: a }, { name: 'control', weight: control, control: true }, { name: 'b', weight: b }, { name: 'holdout', weight: holdout, control: true }];
			return Array.from({ length: PEOPLE / 4 }, (_, profile) => variants[pickVariant(variants, 'shop', profile + 1).index]!.name);
		};
		const isControl = (name: string) => name === 'control' || name === 'holdout';
		const before = dealt(10, 5, 60, 25);
		const part = (names: string[], belongs: (name: string, at: number) => boolean) => names.filter(belongs).length / names.length;
		near(part(before, (name) => name === 'control'), 0.1, PEOPLE / 4);
		near(part(before, (name) => name === 'holdout'), 0.05, PEOPLE / 4);
		near(part(before, (name) => name === 'a'), 0.6, PEOPLE / 4);
		// Shares of controls shrink while everything else is turned over.
		for (const after of [dealt(5, 5, 10, 80), dealt(9, 1, 89, 1), dealt(10, 5, 5, 80), dealt(1, 1, 50, 48)]) {
			expect(before.filter((one, at) => !isControl(one) && isControl(after[at]!))).toEqual([]);
		}
		expect(dealt(10, 5, 60, 25)).toEqual(before);
		// Only those move whom the control lets go.
		const smaller = dealt(5, 5, 60, 25);
		near(part(before, (name, at) => name !== smaller[at]), 0.1 - 5 / 95, PEOPLE / 4);
	});

	it('refuses a control that grows, and lets everything else change', () => {
		const split = (control: number, offer: number): Variant[] => [{ name: 'Control', weight: control, control: true }, { name: 'Offer', weight: offer }];
		expect(controlShares(split(1, 3))).toEqual({ Control: 0.25 });
		expect(() => checkControls(split(1, 3), undefined)).not.toThrow();
		expect(() => checkControls(split(25, 75), controlShares(split(1, 3)))).not.toThrow();
		expect(() => checkControls(split(1, 2), controlShares(split(1, 3)))).toThrow('the control "Control" would grow from 25 % to 33.33 %. People come through this split already, so a control may only shrink: who came into it now has been on another side. Make it no larger, or deal everybody anew with another Split Key.');
		expect(() => checkControls(split(1, 3), {})).toThrow('would grow from 0 %');
	});

	it('is dealt anew under another salt', () => {
		const [one, other] = [deal({ a: 1, b: 1 }, 'one'), deal({ a: 1, b: 1 }, 'other')];
		near(moved(one, other), 0.5);
	});

	it('stays what it is: another hash would move everybody inside', () => {
		const variants = sides({ a: 1, b: 1, c: 1 });
		expect(Array.from({ length: 12 }, (_, at) => variants[pickVariant(variants, 'shop node-1', at + 1).index]!.name).join('')).toBe('acaaacbbbaaa');
	});

	it.each<[string, Variant[], RegExp]>([
		['no side', [], /there is none/],
		['a side without a name', sides({ a: 1, ' ': 1 }), /number 2 has no name/],
		['nothing but controls', [{ name: 'a', weight: 1, control: true }], /every side is a control/],
		['a name twice', [...sides({ a: 1 }), ...sides({ a: 2 })], /"a" is there twice/],
		['a weight of 0', sides({ a: 0 }), /"a" has the weight 0.*remove it/],
		['part of a weight', sides({ a: 33.3 }), /33\.3.*whole number/],
		['a weight as text', [{ name: 'a', weight: '5' as never }], /"5".*whole number/],
		['no weight', [{ name: 'a' } as never], /undefined/],
	])('refuses %s', (_what, variants, message) => {
		expect(() => validateVariants(variants)).toThrow(message);
	});
});
