import { setTimeout as sleep } from 'node:timers/promises';
import type { Counts } from '../lib/report/counts';
import type { SmtpSink } from '../test/support/smtp';
import { differences } from './verdict';
import type { Customer } from './script';
import type { Shop } from './shop';
import { insideOf, waitingAt, type Watch } from './watch';

const QUIET = 'An hour of quiet';

/** Plays what 200 customers do, from their first cart to their last order. @returns the numbers at the end */
export async function play(people: Customer[], shop: Shop, smtp: SmtpSink, watch: Watch): Promise<Counts> {
	const stop = reactToMails(people, shop, smtp);
	try {
		watch.words = 'The shop opens: everybody signs up and fills a cart.';
		for (const one of people) {
			shop.signsUp(one);
			shop.fillsCart(one, one.carts[0]!);
			if (one.quiet === 'orders') shop.orders(one);
		}
		await shop.delivered();
		const quiet = people.filter(({ email, consent, quiet }) => email !== undefined && consent !== false && quiet !== 'orders');
		await watch.until('everybody is inside', (counts) => counts.entered.people === people.length && waitingAt(counts, QUIET) === quiet.length);

		watch.words = 'Some go on shopping, which starts their wait again; some change their minds about e-mails.';
		people.filter((one) => one.quiet === 'waives consent').forEach((one) => shop.refusesMails(one));
		for (let at = 1; people.some(({ carts }) => carts.length > at); at++) {
			people.filter(({ carts }) => carts.length > at).forEach((one) => shop.fillsCart(one, one.carts[at]!));
			await shop.delivered();
			await sleep(2_000);
		}

		watch.words = 'The carts are quiet: reminders go out. Some click, some buy; who has a big cart gets a voucher later.';
		await watch.until('everybody has left', (counts) => insideOf(counts) === 0 && counts.messages.every(({ claimed }) => claimed === 0));

		watch.words = 'Later: some buy after all, some fill a new cart.';
		people.filter(({ later }) => later === 'orders').forEach((one) => shop.orders(one));
		people.filter(({ later }) => later === 'new cart').forEach((one) => shop.fillsCart(one, one.carts[0]!));
		await shop.delivered();
	} finally {
		stop();
	}
	// What must not come gets a moment to come all the same.
	for (const end = Date.now() + 15_000; Date.now() < end && differences(watch.counts!, people).length > 0;) await sleep(300);
	await sleep(2_000);
	return watch.counts!;
}

/** Customers act as soon as a reminder arrives, which may be while n8n is still sending to others. */
function reactToMails(people: Customer[], shop: Shop, smtp: SmtpSink): () => void {
	const byAddress = new Map(people.map((one) => [one.email, one]));
	let seen = 0;
	const timer = setInterval(() => {
		for (; seen < smtp.mails.length; seen++) {
			const { to, subject } = smtp.mails[seen]!;
			const reader = byAddress.get(to[0]);
			if (!reader || !subject.startsWith('Your cart')) continue;
			if (reader.reminded === 'clicks') shop.clicks(reader);
			if (reader.reminded === 'orders') shop.orders(reader);
		}
	}, 20);
	return () => clearInterval(timer);
}
