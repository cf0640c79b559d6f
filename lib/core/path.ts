/** Stands in a path for every entry of a list. */
export const EVERY = Symbol('[]');

/** One step into a JSON document: a name, the position of one entry of a list (counted from 0), or every entry. */
export type PathSegment = string | number | typeof EVERY;

/** A path that cannot be read. The message quotes the path, says what was found where, and what to write. */
export class PathError extends Error {
	override name = 'PathError';
}

const QUOTED = /"(?:[^"\\]|\\.)*"/y;
const BARE = /[^.[\]"]+/y;
const LIST = /\[([^\]]*)\]/y;
const LARGEST_INDEX = 2_147_483_647;

/**
 * Reads `a.b`, `items[].category` (every entry), `items[0].price` (one entry, counted from 0) and `"a.b".c` (a name
 * with dots, brackets or outer spaces stands in double quotes, escaped as in JSON).
 * @throws PathError
 */
export function parsePath(text: string): PathSegment[] {
	const segments: PathSegment[] = [];
	let at = 0;
	const take = (pattern: RegExp) => {
		pattern.lastIndex = at;
		const found = pattern.exec(text);
		if (found) at = pattern.lastIndex;
		return found;
	};

	do {
		if (segments.length > 0) at += 1; // the dot
		segments.push(readName());
		for (let list = take(LIST); list; list = take(LIST)) segments.push(readEntry(list[1] ?? ''));
	} while (text[at] === '.');
	if (at < text.length) {
		throw wrong(`found ${JSON.stringify(text.slice(at))} after ${JSON.stringify(text.slice(0, at))}. Put a dot between two names`);
	}
	return segments;

	function readName(): PathSegment {
		const quoted = take(QUOTED);
		if (quoted) return storable(unquote(quoted[0]));
		if (text[at] === '"') throw wrong('a double quote is not closed. Write "a.b".c');
		const name = take(BARE)?.[0];
		if (name === undefined) {
			const found = at < text.length ? JSON.stringify(text[at]) : 'nothing';
			throw wrong(`a name is missing at position ${at + 1}, found ${found}. Write for example order.total or items[].category`);
		}
		if (name !== name.trim()) throw wrong(`the name ${JSON.stringify(name)} begins or ends with a space. Remove it, or put the name in double quotes`);
		return storable(name);
	}

	function readEntry(inside: string): PathSegment {
		if (inside === '') return EVERY;
		if (/^\d+$/.test(inside) && Number(inside) <= LARGEST_INDEX) return Number(inside);
		throw wrong(`found [${inside}]. Write [] for every entry of a list or [0] for its first`);
	}

	function unquote(quoted: string): string {
		try {
			return JSON.parse(quoted) as string;
		} catch {
			throw wrong(`the quoted name ${quoted} cannot be read. Escape it as in JSON`);
		}
	}

	function storable(name: string): string {
		if (isStorable(name)) return name;
		throw wrong(`the name ${JSON.stringify(name)} has a character that Postgres cannot hold in JSON`);
	}

	function wrong(reason: string): PathError {
		return new PathError(`The path ${JSON.stringify(text)} cannot be read: ${reason}.`);
	}
}

/**
 * Reads a path that leads to one value, such as `order.id` or `items[0].sku`, as the text[] of Postgres' `#>>`.
 * @throws PathError when it cannot be read or has `[]`, which leads to many
 */
export function parseSinglePath(text: string): string[] {
	return parsePath(text).map((segment) => {
		if (segment !== EVERY) return String(segment);
		throw new PathError(`The path ${JSON.stringify(text)} leads to many values, and one is needed here. Write [0] instead of [] for the first entry.`);
	});
}

/** Postgres keeps neither U+0000 nor half of a surrogate pair in text. */
export function isStorable(text: string): boolean {
	return !/\u0000|[\uD800-\uDFFF]/u.test(text);
}

/** The jsonpath accessor of a path: `$."items"[*]."category"`. Names are quoted, so nothing in them is read as jsonpath. */
export function toJsonPath(segments: PathSegment[]): string {
	return segments.reduce<string>((path, segment) => {
		if (typeof segment === 'string') return `${path}.${JSON.stringify(segment)}`;
		return segment === EVERY ? `${path}[*]` : `${path}[${segment}]`;
	}, '$');
}

/** Follows a path that leads to one value through a document. @returns undefined where it ends early */
export function readPath(document: unknown, path: string): unknown {
	return parseSinglePath(path).reduce<unknown>(
		(value, name) =>
			typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined,
		document,
	);
}
