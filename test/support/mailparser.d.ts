/** The part of mailparser the SMTP sink uses; the library ships no types. */
declare module 'mailparser' {
	export interface ParsedMail {
		subject?: string;
		text?: string;
		messageId?: string;
		headerLines: ReadonlyArray<{ key: string; line: string }>;
	}
	export function simpleParser(source: NodeJS.ReadableStream): Promise<ParsedMail>;
}
