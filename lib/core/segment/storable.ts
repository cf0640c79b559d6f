import { found, Refusal } from './refusal';

const DEEPEST = 16;
const LARGEST_BYTES = 32 * 1024;

/**
 * Refuses a JSON value that the store cannot keep unchanged: nested deeper than 16, larger than 32 KB, with characters
 * that Postgres' jsonb cannot hold, or with numbers beyond double precision. One such value would otherwise fail the
 * whole batch it is written with.
 *
 * @param field name of the value in the message, for the reason
 * @throws Refusal
 */
export function checkStorable(value: unknown, field: string): void {
	checkPart(value, field, 1);
	const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
	if (bytes > LARGEST_BYTES) throw new Refusal(`${field} is ${bytes} bytes as JSON, at most ${LARGEST_BYTES} are kept: send less`);
}

/** @param depth how deep `part` lies, counting from 1 */
function checkPart(part: unknown, path: string, depth: number): void {
	if (typeof part === 'string') checkText(part, path);
	if (typeof part === 'number' && !Number.isFinite(part)) throw new Refusal(`${path} is a number too large to keep: send it as text`);
	if (typeof part !== 'object' || part === null) return;
	if (depth > DEEPEST) throw new Refusal(`${short(path)} is nested deeper than ${DEEPEST} levels: flatten it`);
	for (const [key, inner] of Object.entries(part)) {
		const innerPath = Array.isArray(part) ? `${path}[${key}]` : `${path}.${key}`;
		if (!Array.isArray(part)) checkText(key, `a name in ${short(path)}`);
		checkPart(inner, innerPath, depth + 1);
	}
}

/** Refuses text with NUL characters or halves of a surrogate pair. @returns the text */
export function checkText(text: string, path: string): string {
	if (text.includes('\0')) throw new Refusal(`${short(path)} contains the NUL character \\u0000, which cannot be kept: remove it (${found(text)})`);
	if (/\p{Surrogate}/u.test(text)) throw new Refusal(`${short(path)} contains half a character (an unpaired surrogate): send whole Unicode (${found(text)})`);
	return text;
}

function short(path: string): string {
	return path.length > 120 ? `${path.slice(0, 120)}…` : path;
}
