import { example } from '../support/examples';
import { journeys } from '../support/journeys';

jest.setTimeout(60_000);

journeys('cart abandonment as it is imported', (open) => {
	const consent = { email: 'granted' as const };
	const known = (who: string, more: object = {}) =>
		({ who, email: `${who}@example.com`, change: { attributes: { email: `${who}@example.com`, first_name: who }, consent, ...more } });
	const cart = (who: string, cart_total: number) => ({ who, event: 'Cart Updated', properties: { cart_total, cart_url: `https://shop.example.com/cart/${who}` } });

	it('reminds after an hour of quiet, and offers a voucher a day later to whom it pays', async () => {
		const run = await open(example('cart-abandonment'), { mailer: { bounces: ['bounces@example.com'] } });
		const people = ['small', 'big', 'grows', 'clicks', 'buys', 'bounces', 'waives', 'silent'];
		await run.send(
			...people.map((who) => known(who)), { who: 'unreachable' }, known('refuses', { consent: { email: 'denied' } }), known('never-asked', { consent: {} }),
			known('nameless', { attributes: { email: 'nameless@example.com' } }),
		);
		await run.send(cart('small', 99.99), cart('big', 100), ...['grows', 'clicks', 'buys', 'bounces', 'waives', 'silent', 'unreachable', 'refuses', 'never-asked', 'nameless'].map((who) => cart(who, 20)), cart('empty', 0));
		await run.pass('30 minutes');
		await run.send(cart('grows', 120), { who: 'silent', event: 'Cart Updated' }, { who: 'waives', change: { consent: { email: 'denied' } } });
		await run.pass('40 minutes');
		await run.send({ who: 'clicks', event: 'Email Link Clicked' }, { who: 'buys', event: 'Order Completed', properties: { revenue: 20, currency: 'EUR' } });
		await run.pass('2 days');

		const mails = run.mails.map(({ to, subject }) => `${to.split('@')[0]}: ${subject}`).sort();
		expect(mails).toEqual([
			'big: 10 % off your cart, big', 'big: Your cart is waiting, big', 'buys: Your cart is waiting, buys', 'clicks: Your cart is waiting, clicks',
			'grows: 10 % off your cart, grows', 'grows: Your cart is waiting, grows', 'silent: Your cart is waiting, silent', 'small: Your cart is waiting, small',
		]);
		expect(run.mails.find(({ to, subject }) => to.startsWith('grows') && subject.startsWith('Your'))!.text).toMatch(
			/^Hello grows,\n\nyou left 120 EUR in your cart\. It is still there:\nhttps:\/\/shop\.example\.com\/cart\/grows\?message=[0-9a-f-]{36}\n$/);
		expect(run.mails.find(({ to }) => to.startsWith('silent'))!.text).toContain('you left 20 EUR');

		const [entered, inAudience] = ['+0s entered Cart updated', '+0s audience Can get e-mail: in'];
		const upTo = (what: string) => [entered, inAudience, '+0s parked An hour of quiet until +1h', '+1h woken An hour of quiet: time', `+1h ${what}`];
		const sent = [...upTo('parked Click within a day until +1d1h'), '+1h sent May we remind them?: email'];
		expect(await run.timeline('grows')).toEqual([
			entered, inAudience, '+0s parked An hour of quiet until +1h', '+30m reset An hour of quiet until +1h30m', '+30m refused: already_inside',
			'+1h30m woken An hour of quiet: time', '+1h30m parked Click within a day until +1d1h30m', '+1h30m sent May we remind them?: email',
			'+1d1h30m woken Click within a day: time', '+1d1h30m branched Worth a voucher?: rule → Big cart', '+1d1h30m sent May we send a voucher?: email',
			'+1d1h30m done: completed',
		]);
		expect(await run.timeline('small')).toEqual([
			...sent, '+1d1h woken Click within a day: time', '+1d1h branched Worth a voucher?: otherwise → Otherwise', '+1d1h done: completed',
		]);
		expect(await run.timeline('clicks')).toEqual([...sent, '+1h10m woken Click within a day: event → Clicked', '+1h10m done: completed']);
		expect(await run.timeline('buys')).toEqual([...sent, '+1h10m converted Order: leaves', '+1h10m done: converted']);
		expect(await run.timeline('bounces')).toEqual([...upTo('failed May we remind them?: email (550 no such user: bounces@example.com)'), '+1h done: completed']);
		expect(await run.timeline('waives')).toEqual([...upTo('skipped May we remind them?: consent_denied'), '+1h done: completed']);
		expect(await run.timeline('never-asked')).toEqual([...upTo('skipped May we remind them?: consent_unknown'), '+1h done: completed']);
		expect(await run.timeline('nameless')).toEqual([...upTo('skipped May we remind them?: missing'), '+1h done: completed']);
		for (const who of ['unreachable', 'refuses']) {
			expect(await run.timeline(who)).toEqual([entered, '+0s audience Can get e-mail: not_in', '+0s done: completed']);
		}
		expect(await run.timeline('empty')).toEqual([]);
		expect([run.itemsOf('Remember bad address').length, run.itemsOf('Remember interest').length, run.itemsOf('Remember success').length]).toEqual([1, 1, 1]);
		expect(run.warnings).toEqual([]);
	});
});
