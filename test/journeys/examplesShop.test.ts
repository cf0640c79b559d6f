import { conversions, example, known, letters, tagged } from '../support/examples';
import { journeys } from '../support/journeys';

jest.setTimeout(60_000);

// The clock begins on Monday, 2 March 2026, 10:00 UTC. Those that run every day are played on one store: many days take many seconds.

journeys('browse abandonment as it is imported', (open) => {
	const views = (who: string, product_id: string, price = 20) =>
		({ who, event: 'Product Viewed', properties: { product_id, name: `Product ${product_id}`, url: `https://shop.example.com/${product_id}`, price } });

	it('writes about the last product, when they have been quiet for four hours of the day', async () => {
		const run = await open(example('browse-abandonment'), { mailer: {} });
		const people = ['looks', 'once', 'adds', 'late', 'bought', 'again', 'cheap'];
		await run.send(...people.map((who) => known(who)), known('denies', {}, { consent: { email: 'denied' } }), { who: 'unreachable' });
		await run.send({ who: 'bought', event: 'Order Completed' });
		await run.send(...[...people, 'denies', 'unreachable'].map((who) => views(who, 'A')));
		await run.pass('1 hour');
		await run.send(...['looks', 'adds', 'bought', 'again', 'denies', 'unreachable'].map((who) => views(who, 'B', 100)), views('cheap', 'B', 99));
		await run.pass('1 hour');
		await run.send(views('looks', 'C'));
		await run.pass('2 hours');
		await run.send({ who: 'adds', event: 'Product Added' });
		await run.pass('4 hours'); // 18:00
		await run.send(views('late', 'B'));
		await run.pass('1 day');
		// Only the product that the mail was about is looked at again.
		await run.send(views('again', 'B', 100), views('cheap', 'B', 99), views('looks', 'A', 500), { who: 'late', event: 'Order Completed', properties: { revenue: 99, currency: 'EUR' } });
		await run.pass('5 days');
		expect(letters(run)).toEqual([
			'03-02 15:00 again: Still thinking about Product B?', '03-02 15:00 cheap: Still thinking about Product B?',
			'03-02 16:00 looks: Still thinking about Product C?',
			'03-03 09:00 late: Still thinking about Product B?',
			'03-03 18:00 again: Questions about Product B?',
		]);
		expect(run.mails.find(({ to }) => to.startsWith('looks'))!.text).toMatch(/^Hello looks,\n\nProduct C is still there, for 20 EUR:\nhttps:\/\/shop\.example\.com\/C\?message=[0-9a-f-]{36}\n$/);
		expect(await run.timeline('adds')).toEqual([
			'+0s refused: audience', '+1h entered Product viewed', '+1h parked Four hours of quiet until +5h', '+4h exited In the cart: leaves', '+4h done: exit_criterion',
		]);
		for (const who of ['once', 'bought', 'denies', 'unreachable']) expect((await run.timeline(who)).filter((line) => !line.includes('refused: audience'))).toEqual([]);
		expect(await conversions(run)).toEqual(['late 99 EUR']);
		expect(run.warnings).toEqual([]);
	});
});

journeys('post-purchase as it is imported', (open) => {
	const orders = (who: string, order_id = who) => ({ who, event: 'Order Completed', properties: { order_id, products: [{ name: 'Coffee machine' }, { name: 'Cups' }] } });
	const reviews = (who: string, rating: number) => ({ who, event: 'Product Reviewed', properties: { rating, review_body: `${rating} of 5` } });

	it('asks for a review a week after the order has arrived, and does what it says', async () => {
		const run = await open(example('post-purchase'), { mailer: {} });
		const people = ['happy', 'soso', 'unhappy', 'silent', 'refunded', 'lost'];
		await run.send(...people.map((who) => known(who)));
		await run.send(...people.map((who) => orders(who)));
		await run.pass('2 days');
		await run.send(
			...people.filter((who) => who !== 'lost').map((who) => ({ who, event: 'Order Delivered', properties: { order_id: who } })),
			{ who: 'lost', event: 'Order Delivered', properties: { order_id: 'another' } },
		);
		await run.pass('8 days'); // Thursday, 12 March
		await run.send(reviews('happy', 5), reviews('soso', 3), reviews('unhappy', 1), { who: 'refunded', event: 'Order Refunded' }, orders('silent', 'second'));
		await run.pass('20 days');
		const each = (when: string, subject: string, ...who: string[]) => who.sort().map((one) => `${when} ${one}: ${subject}`);
		expect(letters(run)).toEqual([
			...each('03-04 10:00', 'Getting the most out of Coffee machine', 'happy', 'soso', 'unhappy', 'silent', 'refunded'),
			...each('03-11 17:00', 'How do you like Coffee machine?', 'happy', 'soso', 'unhappy', 'silent', 'refunded'),
			'03-12 10:00 happy: Thank you! A gift for a friend',
			'03-12 10:00 support: Unhappy: Coffee machine, order unhappy',
			'03-16 10:00 lost: Getting the most out of Coffee machine',
			'03-16 17:00 silent: Two minutes for Coffee machine?',
			'03-23 17:00 lost: How do you like Coffee machine?',
			'03-28 17:00 lost: Two minutes for Coffee machine?',
		]);
		expect(run.mails.find(({ to }) => to.startsWith('support'))!.text).toBe('unhappy@example.com gave 1 of 5:\n1 of 5\n\nPlease call today.\n');
		expect(await conversions(run)).toEqual(['happy', 'soso', 'unhappy']);
		expect((await run.timeline('silent')).filter((line) => /refused|done/.test(line))).toEqual(['+10d refused: already_inside', '+28d7h done: completed']);
		expect((await run.timeline('refunded')).at(-1)).toBe('+10d done: exit_criterion');
		expect(run.warnings).toEqual([]);
	});
});

journeys('reactivation as it is imported', (open) => {
	it('finds those who were not seen for 30 days, and leaves some alone to measure against', async () => {
		const run = await open(example('reactivation'), { mailer: {} });
		const quiet = Array.from({ length: 12 }, (_, at) => `quiet-${at + 1}`);
		const others = ['browses', 'opens', 'orders'];
		await run.send(...[...quiet, ...others, 'never-bought'].map((who) => known(who)), known('denies', {}, { consent: { email: 'denied' } }), { who: 'unreachable' });
		await run.send(...[...quiet, ...others, 'denies', 'unreachable'].map((who) => ({ who, event: 'Order Completed' })));
		await run.pass('20 days');
		await run.send({ who: 'browses', event: 'Product Viewed' }, { who: 'opens', event: 'Application Opened' }, { who: 'orders', event: 'Order Completed' });
		await run.pass('11 days 1 minute');
		const timeline = await run.timeline();
		const heldOut = timeline.filter((line) => line.includes('held_out')).map((line) => line.split(' ')[1]!);
		const treated = quiet.filter((who) => !heldOut.includes(who));
		expect(heldOut.length).toBeGreaterThan(0);
		expect(new Set(timeline.map((line) => line.split(' ')[1]))).toEqual(new Set(quiet));
		expect(letters(run)).toEqual(treated.map((who) => `04-02 10:00 ${who}: What is new since you were here, ${who}`).sort());

		const [comes, buys, ...stay] = treated as [string, string, ...string[]];
		await run.send({ who: comes, event: 'Product Viewed' }, { who: buys, event: 'Order Completed', properties: { revenue: 40, currency: 'EUR' } });
		await run.pass('19 days'); // 21 April; tomorrow the others have been quiet for 30 days as well
		const offers = letters(run).slice(treated.length);
		expect(offers.map((line) => line.split(': ')[0]!.slice(12)).sort()).toEqual([...stay].sort());
		// It is the first ten o'clock a week from the mail, which for those whom the pace has put behind ten is a day later.
		expect(new Set(offers.map((line) => line.slice(0, 11)))).toEqual(new Set(['04-09 10:00', '04-10 10:00']));
		expect(new Set(offers.map((line) => line.split(': ')[1]))).toEqual(new Set(['10 % off, for a week', 'We pay the delivery, for a week']));
		expect(await conversions(run)).toEqual([`${buys} 40 EUR`]);
		expect((await run.timeline(comes)).slice(-2)).toEqual(['+31d1m woken Back within a week?: event → Came back', '+31d1m done: completed']);
		await run.pass('4 days');
		expect(await tagged(run, 'dormant')).toEqual([...stay].sort());
		// Nobody is found again, nor refused day by day, before 90 days are over. Only who is held out meets the lock.
		const later = (await run.timeline()).filter((line) => /entered|held_out|refused/.test(line) && !line.startsWith('+31d')).map((line) => line.split(' ')[1]!);
		expect([...new Set(later)].filter((who) => !heldOut.includes(who)).sort()).toEqual(['browses', 'opens', 'orders']);
		expect(run.warnings).toEqual([]);
	});
}, ['postgres']);

journeys('birthday as it is imported', (open) => {
	it('gives a gift at nine in their morning, every year, also to those of 29 February', async () => {
		const run = await open(example('birthday'), { mailer: {} });
		await run.send(
			known('customer-1', { birthday: '1990-03-10' }), known('uses', { birthday: '1991-03-10' }), known('tokyo', { birthday: '1985-03-11' }, { zone: 'Asia/Tokyo' }),
			known('corrects', { birthday: '1990-03-20' }), known('unclear', { birthday: '31.02.1990' }), known('leap', { birthday: '2004-02-29' }),
			known('denies', { birthday: '1990-03-10' }, { consent: { email: 'denied' } }), known('unknown'),
		);
		await run.pass('7 days'); // 9 March
		await run.send({ who: 'corrects', change: { attributes: { birthday: '1990-03-12' } } });
		await run.pass('3 days');
		await run.send(
			{ who: 'uses', event: 'Order Completed', properties: { coupon: 'BIRTHDAY', revenue: 30, currency: 'EUR' } },
			{ who: 'customer-1', event: 'Order Completed', properties: { coupon: 'SPRING', revenue: 30 } },
		);
		await run.pass('8 days'); // 20 March
		expect(letters(run)).toEqual([
			'03-10 09:00 customer-1: Happy birthday, customer-1!', '03-10 09:00 uses: Happy birthday, uses!',
			'03-11 00:00 tokyo: Happy birthday, tokyo!', '03-12 09:00 corrects: Happy birthday, corrects!',
			'03-17 09:00 customer-1: Your birthday gift ends in three days', '03-18 00:00 tokyo: Your birthday gift ends in three days',
			'03-19 09:00 corrects: Your birthday gift ends in three days',
		]);
		expect(await run.timeline('corrects')).toEqual([
			'+20h entered Birthday known', '+20h parked Their birthday, at nine until +17d23h',
			'+7d woken Their birthday, at nine: change → Corrected', '+7d done: birthday_corrected',
			'+7d20h entered Birthday known', '+7d20h parked Their birthday, at nine until +9d23h', '+9d23h woken Their birthday, at nine: time',
			'+9d23h parked A week until +16d23h', '+9d23h sent Check: wishes: email',
			'+16d23h woken A week: time', '+16d23h sent Check: reminder: email', '+16d23h done: completed',
			'+17d20h entered Birthday known', '+17d20h parked Their birthday, at nine until +374d23h',
		]);
		expect(await tagged(run, 'birthday_unclear')).toEqual(['unclear']);
		expect(await conversions(run)).toEqual(['uses 30 EUR']);
		expect(await run.timeline('denies')).toEqual([]);

		const before = run.mails.length;
		await run.down('343 days'); // 26 February 2027
		await run.pass('22 days');
		await run.down('343 days'); // 26 February 2028
		await run.pass('4 days');
		const line = ({ at, to, subject }: (typeof run.mails)[number]) => `${at.toISOString().slice(0, 16)} ${to.split('@')[0]}: ${subject.slice(0, 14)}`;
		expect(run.mails.slice(before).map(line).sort()).toEqual([
			'2027-02-28T09:00 leap: Happy birthday', '2027-03-07T09:00 leap: Your birthday ',
			'2027-03-10T09:00 customer-1: Happy birthday', '2027-03-10T09:00 uses: Happy birthday', '2027-03-11T00:00 tokyo: Happy birthday', '2027-03-12T09:00 corrects: Happy birthday',
			'2027-03-17T09:00 customer-1: Your birthday ', '2027-03-17T09:00 uses: Your birthday ', '2027-03-18T00:00 tokyo: Your birthday ', '2027-03-19T09:00 corrects: Your birthday ',
			'2028-02-29T09:00 leap: Happy birthday',
		]);
	});
}, ['postgres']);
