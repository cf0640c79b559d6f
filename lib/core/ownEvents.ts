/**
 * Events that the engine records itself, so that whatever enters by them is matched, remembered and told as for any
 * other event. No door takes events of such a name, or somebody could say what only the engine knows.
 */
const OWN = 'journey:';

export function isOwnEvent(name: string): boolean {
	return name.startsWith(OWN);
}

/** Lets somebody into the journey of this key. Its properties are the data that came along. */
export function startEvent(key: string): string {
	return `${OWN}start:${key}`;
}

/** An attribute of somebody has another value now. Its properties are `attribute`, `from` and `to`; null: there is none. */
export function changeEvent(attribute: string): string {
	return `${OWN}change:${attribute}`;
}

/** Somebody is in a segment who was not, or the other way round. Its property is `segment`. */
export function memberEvent(membership: 'joined' | 'left', segment: string): string {
	return `${OWN}${membership}:${segment}`;
}

/** What one of the engine's own events is; undefined for any other event. */
export function ownEventOf(name: string): { kind: string; about: string } | undefined {
	const [, kind, about] = /^journey:(\w+):(.*)$/s.exec(name) ?? [];
	return kind === undefined ? undefined : { kind, about: about! };
}

/** What a door says of an event with such a name, behind the name of its field. */
export const OWN_EVENT_REFUSED = `must not begin with "${OWN}", which is for events of the engine itself`;
