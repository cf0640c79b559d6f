import { Analytics } from '@segment/analytics-node';
import type { Customer } from './script';

/**
 * While n8n starts it answers 404 for a moment, before it knows its webhooks. The library takes that for final and would
 * drop the events, so whatever stands in front of n8n has to turn it into "try again", as is done here.
 */
const patient: typeof fetch = async (input, init) => {
	const response = await fetch(input, init);
	return response.status === 404 ? new Response(null, { status: 503 }) : response;
};

/** The shop's server: tells the collector what customers do, through Segment's own library. */
export class Shop {
	private readonly analytics: Analytics;
	private readonly pending = new Set<Promise<void>>();
	/** Events that the library gave up on. */
	readonly undelivered: string[] = [];

	/** @param url of n8n */
	constructor(url: string, writeKey: string) {
		this.analytics = new Analytics({ writeKey, host: url, path: '/webhook/journey/v1/batch', flushAt: 50, flushInterval: 50, httpClient: patient });
		this.analytics.on('error', ({ reason }) => this.undelivered.push(String(reason)));
	}

	signsUp({ id, email, firstName, consent }: Customer): void {
		const context = consent === undefined ? {} : { consent: { categoryPreferences: { email: consent } } };
		this.send((done) => this.analytics.identify({ userId: id, traits: { email, first_name: firstName }, context }, done));
	}

	fillsCart({ id }: Customer, total: number): void {
		this.track(id, 'Cart Updated', { cart_total: total, cart_url: `https://shop.example.com/cart/${id}` });
	}

	orders({ id, carts }: Customer): void {
		this.track(id, 'Order Completed', { revenue: carts.at(-1), currency: 'EUR' });
	}

	clicks({ id }: Customer): void {
		this.track(id, 'Email Link Clicked', {});
	}

	refusesMails({ id }: Customer): void {
		this.send((done) => this.analytics.identify({ userId: id, context: { consent: { categoryPreferences: { email: false } } } }, done));
	}

	/** Waits until everything so far is acknowledged: then it is durable. */
	async delivered(): Promise<void> {
		await Promise.all(this.pending);
		if (this.undelivered.length > 0) throw new Error(`${this.undelivered.length} events did not get through: ${this.undelivered[0]}`);
	}

	async close(): Promise<void> {
		await this.analytics.closeAndFlush({ timeout: 5_000 });
	}

	private track(userId: string, event: string, properties: object): void {
		this.send((done) => this.analytics.track({ userId, event, properties }, done));
	}

	private send(call: (done: () => void) => void): void {
		const sent = new Promise<void>((resolve) => call(resolve)).then(() => void this.pending.delete(sent));
		this.pending.add(sent);
	}
}
