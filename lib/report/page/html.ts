/** Markup that may go into a page as it is: made by `html` alone. */
export class Html {
	constructor(readonly markup: string) {}
}

/** What may stand in a template; nothing is shown of `false`, `null` and `undefined`. */
export type Inner = string | number | false | null | undefined | Html | readonly Inner[];

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** What no page may hold. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/** Text as it may stand between tags and in quoted attributes. */
export function escaped(text: string): string {
	return text.replace(FORBIDDEN, '\uFFFD').replace(/[&<>"']/g, (one) => ENTITIES[one]!);
}

/** Markup with values in it, each escaped unless it is markup itself. Attributes must be in double quotes. */
export function html(markup: TemplateStringsArray, ...values: Inner[]): Html {
	return new Html(markup.reduce((page, piece, at) => page + markupOf(values[at - 1]) + piece));
}

function markupOf(value: Inner): string {
	if (value === false || value === null || value === undefined) return '';
	if (value instanceof Html) return value.markup;
	if (Array.isArray(value)) return (value as readonly Inner[]).map(markupOf).join('');
	return escaped(String(value as string | number));
}
