/**
 * Whether this text is the URL of a server, `<scheme>://…`. Drivers that are given another one throw errors that carry all
 * of it, with its password, or go somewhere else.
 */
export function isServerUrl(text: string, schemes: string[]): boolean {
	if (!schemes.some((scheme) => text.startsWith(`${scheme}://`))) return false;
	// A Postgres behind a local socket has no host: postgres://user@/database?host=/run/postgresql
	const url = [text, text.replace('@/', '@localhost/')].find((one) => URL.canParse(one));
	// What comes after # is ignored: most likely it is the rest of a password.
	return url !== undefined && new URL(url).hash === '';
}
