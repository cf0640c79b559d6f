/** What a semicolon may stand in without ending a statement: comments, texts, names, bodies in dollar quotes. */
const PIECES = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|[^;'"$/-]+|[\s\S]/g;

/** Splits a script into its statements, without comments: parameters and prepared statements take one at a time. */
export function statements(sql: string): string[] {
	const found = [''];
	for (const [piece] of sql.matchAll(PIECES)) {
		if (piece === ';') found.push('');
		else if (!/^(--|\/\*)/.test(piece)) found.push(found.pop() + piece);
	}
	return found.map((statement) => statement.trim()).filter((statement) => statement !== '');
}
