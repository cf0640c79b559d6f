import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link allows, and until when. */
export interface Grant {
	scope: string;
	expiresAt: Date;
}

/** Longer ones are nobody's: they are not even looked at. */
const LONGEST = 512;
const SHAPE = /^[\w-]+\.[\w-]{43}$/;

/** A grant as text that only who knows the secret can make: what is granted, a dot, and HMAC-SHA256 over it. */
export function signLink(secret: string, { scope, expiresAt }: Grant): string {
	const said = Buffer.from(JSON.stringify([scope, Math.floor(+expiresAt / 1_000)])).toString('base64url');
	return `${said}.${mac(secret, said)}`;
}

/** Whether this could be a signed link at all, which costs nothing to find out. */
export function looksSigned(token: string): boolean {
	return token.length <= LONGEST && SHAPE.test(token);
}

/**
 * What a signed link grants now; undefined: it was not made with this secret, or its time is over.
 * The time it takes tells nothing about the secret.
 */
export function readLink(secret: string, token: string, now: Date): Grant | undefined {
	if (!looksSigned(token)) return undefined;
	const [said, signature] = token.split('.') as [string, string];
	if (!timingSafeEqual(Buffer.from(mac(secret, said)), Buffer.from(signature))) return undefined;
	const [scope, seconds] = JSON.parse(Buffer.from(said, 'base64url').toString()) as [string, number];
	const expiresAt = new Date(seconds * 1_000);
	return expiresAt > now ? { scope, expiresAt } : undefined;
}

function mac(secret: string, said: string): string {
	return createHmac('sha256', secret).update(`journey link 1.${said}`).digest('base64url');
}
