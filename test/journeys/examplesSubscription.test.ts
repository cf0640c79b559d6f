import { conversions, example, known, letters, tagged } from '../support/examples';
import { journeys } from '../support/journeys';

jest.setTimeout(60_000);

// The clock begins on Monday, 2 March 2026, 10:00 UTC. What runs every day is played on one store: many days take many seconds.

journeys('onboarding as it is imported', (open) => {
	it('goes by the first project, and ends with the first invitation', async () => {
		const run = await open(example('onboarding'), { mailer: {} });
		const people = ['idle', 'quick', 'late', 'invites', 'deletes'];
		const signs = { event: 'Signed Up' };
		await run.send(...people.map((who) => known(who, {}, signs)), known('unasked', {}, { ...signs, consent: {} }), known('denies', {}, { ...signs, consent: { email: 'denied' } }), { who: 'unreachable', ...signs });
		await run.pass('23 hours');
		await run.send({ who: 'quick', event: 'Project Created' }, { who: 'invites', event: 'Project Created' }, { who: 'deletes', event: 'Account Deleted' });
		await run.pass('3 hours');
		await run.send({ who: 'invites', event: 'Invite Sent' });
		await run.pass('2 days');
		await run.send({ who: 'late', event: 'Project Created' });
		await run.pass('5 days');
		await run.send({ who: 'idle', ...signs });
		await run.pass('30 days');
		await run.send({ who: 'idle', ...signs });
		await run.pass('0 seconds');
		expect(letters(run)).toEqual([
			...['deletes', 'idle', 'invites', 'late', 'quick', 'unasked'].map((who) => `03-02 10:00 ${who}: Welcome! Here is your first step`),
			'03-04 10:00 idle: Three projects to copy, idle', '03-04 10:00 late: Three projects to copy, late',
			'03-04 10:00 quick: Your project is better with your team',
			'03-07 10:00 late: Your project is better with your team',
			'03-08 10:00 idle: Shall we set it up together?',
		]);
		expect(await run.timeline('unasked')).toEqual([
			'+0s entered Signed up', '+0s parked A project in two days? until +2d', '+0s sent Check: welcome: email', '+2d woken A project in two days?: time',
			'+2d skipped Check: first steps: consent_unknown', '+2d parked A project after all? until +6d', '+6d woken A project after all?: time',
			'+6d skipped Check: help: consent_unknown', '+6d parked Two more weeks until +20d', '+20d woken Two more weeks: time', '+20d done: completed',
		]);
		expect((await run.timeline('invites')).slice(-3)).toEqual(['+23h parked A day later, at ten until +2d', '+1d2h converted Somebody was invited: leaves', '+1d2h done: converted']);
		expect((await run.timeline('deletes')).at(-1)).toBe('+23h done: exit_criterion');
		expect((await run.timeline('idle')).filter((line) => line.includes('refused'))).toEqual(['+8d2h refused: already_inside', '+38d2h refused: once']);
		for (const who of ['denies', 'unreachable']) expect(await run.timeline(who)).toEqual(['+0s refused: audience']);
		expect(await tagged(run, 'onboarded')).toEqual(['invites']);
		expect(await tagged(run, 'onboarding_unfinished')).toEqual(['idle', 'late', 'quick', 'unasked']);
		expect(run.warnings).toEqual([]);
	});
});

journeys('trial to paid as it is imported', (open) => {
	const starts = (who: string, trial_end?: string, zone?: string) =>
		known(who, trial_end === undefined ? {} : { trial_end }, { event: 'Trial Started', properties: { trial_plan_name: 'Team' }, ...(zone && { zone }) });

	it('writes three days before the end, wherever the end is moved to', async () => {
		const run = await open(example('trial-to-paid'), { mailer: {} });
		const end = '2026-03-16';
		await run.send(
			...['hardly', 'a-lot', 'longer', 'longest', 'pays', 'cleared', 'deletes'].map((who) => starts(who, end)),
			starts('new-york', end, 'America/New_York'), starts('undated'), starts('unclear', 'in two weeks'),
		);
		await run.pass('1 day');
		for (const project_id of ['1', '2', '3']) await run.send({ who: 'a-lot', event: 'Project Created', properties: { project_id } });
		await run.send({ who: 'hardly', event: 'Project Created' }, { who: 'hardly', event: 'Project Created' });
		await run.pass('9 days'); // 12 March
		await run.send(
			{ who: 'longer', change: { attributes: { trial_end: '2026-03-23' } } }, { who: 'deletes', event: 'Account Deleted' },
			{ who: 'pays', event: 'Subscription Started', properties: { revenue: 49, currency: 'USD' } },
		);
		await run.pass('2 days'); // 14 March, 10:00
		await run.send({ who: 'longest', change: { attributes: { trial_end: '2026-03-30' } } }, { who: 'cleared', change: { attributes: { trial_end: null } } });
		await run.pass('30 days');
		const more = 'Do you need more time?';
		const last = 'Today is the last day of your trial';
		expect(letters(run)).toEqual([
			'03-13 09:00 a-lot: Keep what you have built', ...['cleared', 'hardly', 'longest', 'unclear', 'undated'].map((who) => `03-13 09:00 ${who}: ${more}`),
			`03-13 13:00 new-york: ${more}`,
			...['a-lot', 'hardly', 'unclear', 'undated'].map((who) => `03-16 09:00 ${who}: ${last}`), `03-16 13:00 new-york: ${last}`,
			`03-20 09:00 longer: ${more}`, `03-23 09:00 longer: ${last}`, `03-30 09:00 longest: ${last}`,
		]);
		expect(run.mails.find(({ to }) => to.startsWith('undated'))!.text).toContain('your trial of Team ends on 2026-03-16, ');
		expect(await run.timeline('longest')).toEqual([
			'+0s entered Trial started', '+0s parked Three days before the end until +10d14h', '+10d14h woken Three days before the end: time',
			'+10d14h parked In the daytime until +10d23h', '+10d23h woken In the daytime: time', '+10d23h branched How do they use it?: otherwise → Otherwise',
			'+10d23h parked The last day, at nine until +13d23h', '+10d23h sent Check: help: email', '+12d redated The last day, at nine',
			'+27d23h woken The last day, at nine: time', '+27d23h parked Two more weeks until +41d23h', '+27d23h sent Check: last day: email', '+41d23h woken Two more weeks: time', '+41d23h done: completed',
		]);
		expect((await run.timeline('cleared')).slice(-2)).toEqual(['+12d woken The last day, at nine: change → No date', '+12d done: no_trial_end']);
		expect(await conversions(run)).toEqual(['pays 49 USD']);
		expect(await tagged(run, 'trial_over')).toEqual(['a-lot', 'hardly', 'longer', 'longest', 'new-york', 'unclear', 'undated']);
		expect(await tagged(run, 'customer')).toEqual(['pays']);
		expect(run.warnings).toEqual([]);
	});
});

journeys('renewal as it is imported', (open) => {
	const contract = (who: string, renewal_date: string, more: object = {}) => known(who, { renewal_date, subscription_status: 'active', ...more });

	it('reminds before the date, calls where the contract is big, and begins again next year', async () => {
		const run = await open(example('renewal'), { mailer: {} });
		await run.send(
			contract('waits', '2026-04-30'), contract('big', '2026-04-30', { contract_value: 12_000 }), contract('renews', '2026-04-30'), contract('moves', '2026-04-30'), contract('cancels', '2026-04-30'),
			contract('over', '2026-03-20'), contract('itself', '2026-04-30', { auto_renew: true }), contract('ended', '2026-04-30', { subscription_status: 'ended' }), known('none'),
		);
		await run.pass('38 days'); // 9 April
		await run.send(
			{ who: 'renews', event: 'Subscription Renewed', properties: { revenue: 600, currency: 'EUR' }, change: { attributes: { renewal_date: '2027-04-30' } } },
			{ who: 'moves', change: { attributes: { renewal_date: '2026-05-10' } } }, { who: 'cancels', event: 'Subscription Cancelled', change: { attributes: { subscription_status: 'ended' } } },
		);
		await run.pass('62 days'); // 10 June
		const offer = 'Renew early, and keep your price';
		expect(letters(run)).toEqual([
			...['big', 'cancels', 'moves', 'renews', 'waits'].map((who) => `03-31 09:00 ${who}: ${offer}`),
			'04-23 09:00 sales: Call before 2026-04-30: big@example.com', '04-23 09:00 waits: One week left',
			'04-30 09:00 big: Today your subscription ends', '04-30 09:00 waits: Today your subscription ends',
			'05-04 09:00 moves: One week left', // 3 May is a Sunday
			'05-10 09:00 moves: Today your subscription ends',
		]);
		expect((await run.timeline('over')).slice(0, 2)).toEqual(['+20h entered Renewal ahead', '+20h done: date_past']);
		for (const who of ['itself', 'ended', 'none']) expect(await run.timeline(who)).toEqual([]);
		expect(await conversions(run)).toEqual(['renews 600 EUR']);
		// A week after they left, the next year begins.
		expect((await run.timeline('renews')).slice(-2)).toEqual(['+44d20h entered Renewal ahead', '+44d20h parked 30 days before until +393d14h']);
		expect(run.warnings).toEqual([]);
	});
}, ['postgres']);

journeys('uninstall follow-up as it is imported', (open) => {
	it('cools off, says what goes on, asks what went wrong, and stops when it is installed again', async () => {
		const run = await open(example('uninstall'), { mailer: {} });
		const people = ['pays', 'fan', 'casual', 'returns'];
		await run.send(
			...people.map((who) => known(who, who === 'pays' ? { subscription_status: 'active' } : {})), known('unasked', { subscription_status: 'active' }, { consent: {} }),
			known('denies', {}, { consent: { email: 'denied' } }), { who: 'unreachable' },
		);
		for (let time = 0; time < 10; time++) await run.send({ who: 'fan', event: 'Application Opened' }, ...(time < 9 ? [{ who: 'casual', event: 'Application Opened' }] : []));
		await run.pass('2 hours');
		await run.send(...[...people, 'unasked', 'denies', 'unreachable'].map((who) => ({ who, event: 'Application Uninstalled' })));
		await run.pass('1 hour');
		await run.pass('3 days');
		await run.send({ who: 'returns', event: 'Application Installed' }, { who: 'fan', event: 'Application Uninstalled' });
		await run.pass('40 days');
		expect(letters(run)).toEqual([
			'03-04 11:00 fan: What went wrong?', '03-04 11:00 pays: Your subscription goes on', '03-04 11:00 unasked: Your subscription goes on', '03-05 13:00 returns: Good to have you back',
			...['casual', 'fan', 'pays'].map((who) => `04-01 11:00 ${who}: What has changed since`),
		]);
		expect(await conversions(run)).toEqual(['returns']);
		expect((await run.timeline('fan')).filter((line) => line.includes('refused'))).toEqual(['+3d3h refused: already_inside']);
		for (const who of ['denies', 'unreachable']) expect(await run.timeline(who)).toEqual(['+2h refused: audience']);
		expect(run.warnings).toEqual([]);
	});
});
