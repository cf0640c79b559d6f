/** A request that is refused as a whole. */
export class HttpRefusal extends Error {
	override readonly name = 'HttpRefusal';

	constructor(
		readonly status: number,
		message: string,
		readonly headers: Record<string, string> = {},
		options?: ErrorOptions,
	) {
		super(message, options);
	}
}
