import { conversions, example, known, letters, tagged } from '../support/examples';
import { journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

// The clock begins on Monday, 2 March 2026, 10:00 UTC.

journeys('loan applications as they are imported', (open) => {
	const of = (who: string, application_id: string) => (event: string, properties: object = {}) => ({ who, event, properties: { application_id, ...properties } });
	const begins = { amount: 5000, resume_url: 'https://bank.example.com/apply' };

	it('follows two applications of one customer at once, each by its own events', async () => {
		const run = await open(example('loan-application'), { mailer: {} });
		const [a, b, c, d, e] = [of('customer-1', 'A'), of('customer-1', 'B'), of('customer-2', 'C'), of('customer-3', 'D'), of('customer-4', 'E')];
		await run.send(known('customer-1'), known('customer-2'), known('customer-3', {}, { consent: {} }), known('customer-4'));
		await run.send(a('Loan Application Started', begins), b('Loan Application Started', { ...begins, amount: 900 }), c('Loan Application Started', begins), d('Loan Application Started', begins), e('Loan Application Started', begins));
		await run.pass('1 hour');
		await run.send(a('Loan Application Submitted'), e('Loan Application Submitted'));
		await run.pass('1 day'); // Tuesday, 11:00
		await run.send(a('Documents Requested', { documents: 'Your last three payslips' }), c('Loan Application Withdrawn'));
		await run.pass('1 day');
		await run.send(b('Loan Application Submitted'));
		await run.pass('1 day'); // Thursday, 11:00
		await run.send(a('Loan Approved', { sign_url: 'https://bank.example.com/sign/A' }), e('Loan Approved', { sign_url: 'https://bank.example.com/sign/E' }));
		await run.pass('2 days'); // Saturday, 11:00
		await run.send(a('Loan Agreement Signed', { amount: 5000 }));
		await run.pass('12 days'); // Thursday, 19 March
		await run.send(b('Loan Declined'));
		await run.pass('10 days');
		expect(letters(run)).toEqual([
			'03-03 10:00 customer-1: Your application over 900 EUR is nearly done', '03-03 10:00 customer-2: Your application over 5000 EUR is nearly done',
			'03-03 11:00 customer-1: Application A: something is missing',
			'03-05 11:00 customer-1: Approved: 5000 EUR', '03-05 11:00 customer-4: Approved: 5000 EUR',
			'03-09 10:00 customer-4: Your 5000 EUR are waiting for your signature',
			'03-10 10:00 cases: No decision: application B',
			'03-15 10:00 cases: No decision: application B',
			'03-19 11:00 customer-1: Your application B',
		]);
		const textOf = (subject: string) => run.mails.find((mail) => mail.subject === subject)!.text;
		expect(textOf('Application A: something is missing')).toContain('application A we need:\nYour last three payslips\n');
		expect(textOf('Your 5000 EUR are waiting for your signature')).toContain('https://bank.example.com/sign/E?message=');
		expect((await run.timeline()).filter((line) => / customer-1\/B /.test(line)).map((line) => line.replace('customer-1/B ', ''))).toEqual([
			'+0s entered Application begun', '+0s parked Sent in within a day? until +1d', '+1d woken Sent in within a day?: time',
			'+1d parked Sent in within a week? until +8d', '+1d sent Check: unfinished: email',
			'+2d1h woken Sent in within a week?: event → Sent in', '+2d1h parked Decided in five days? until +8d',
			'+8d woken Decided in five days?: time', '+8d parked Decided in five days? until +13d', '+13d woken Decided in five days?: time', '+13d parked Decided in five days? until +18d',
			'+17d1h woken Decided in five days?: event → Declined', '+17d1h sent Check: declined: email', '+17d1h done: completed',
		]);
		expect((await run.timeline()).filter((line) => /done/.test(line))).toEqual([
			'+1d1h customer-2/C done: exit_criterion', '+5d1h customer-1/A done: converted', '+8d customer-3/D done: completed', '+17d1h customer-1/B done: completed', '+18d customer-4/E done: completed',
		]);
		expect((await run.timeline('customer-3/D')).filter((line) => line.includes('skipped'))).toEqual(['+1d skipped Check: unfinished: consent_unknown']);
		expect(await tagged(run, 'loan_given_up')).toEqual(['customer-3']);
		expect(await tagged(run, 'has_loan')).toEqual(['customer-1']);
		expect(await tagged(run, 'loan_offer_lapsed')).toEqual(['customer-4']);
		expect(await conversions(run)).toEqual(['customer-1 5000']);
		expect(run.warnings).toEqual([]);
	});
});

journeys('feedback routing as it is imported', (open) => {
	const scores = (who: string, score: unknown, comment = 'As it is') => ({ who, event: 'Feedback Given', properties: { score, comment } });

	it('goes by the score: recommend, ask, or have it solved', async () => {
		const run = await open(example('feedback-routing'), { mailer: {} });
		const people = ['nine', 'ten', 'seven', 'solved', 'open', 'unclear', 'scoreless'];
		await run.send(...people.map((who) => known(who)));
		await run.send(scores('nine', 9), scores('ten', '10'), scores('seven', 7), scores('solved', 6, 'Too slow'), scores('open', 0, 'Never again'), scores('unclear', 'good'), { who: 'scoreless', event: 'Feedback Given' });
		await run.pass('1 day');
		await run.send({ who: 'solved', event: 'Ticket Solved' }, scores('seven', 10));
		await run.pass('1 hour');
		await run.send({ who: 'ten', event: 'Invite Sent' });
		await run.pass('30 days');
		expect(letters(run)).toEqual([
			'03-02 10:00 seven: What would make it a 10?', '03-02 10:00 support: 0 of 10 from open@example.com', '03-02 10:00 support: 6 of 10 from solved@example.com',
			'03-03 10:00 nine: Who should know about us?', '03-03 10:00 ten: Who should know about us?',
			'03-04 10:00 manager: Still open: open@example.com', '03-06 10:00 solved: Is it better now?',
		]);
		expect(run.mails.find(({ subject }) => subject.startsWith('6 of 10'))!.text).toBe('solved@example.com gave 6 of 10:\nToo slow\n\nPlease call today.\n');
		expect((await run.timeline('seven')).filter((line) => line.includes('refused'))).toEqual(['+1d refused: lock']);
		expect(await run.timeline('scoreless')).toEqual([]);
		expect(await tagged(run, 'feedback_unclear')).toEqual(['unclear']);
		expect(await tagged(run, 'advocate')).toEqual(['ten']);
		expect(await tagged(run, 'promoter')).toEqual(['nine']);
		expect(await ask(run.store, "SELECT attributes->'nps_score' AS score FROM profiles WHERE attributes->>'first_name' = 'solved'")).toEqual([{ score: 6 }]);
		expect(run.warnings).toEqual([]);
	});
});

journeys('the alert on health as it is imported', (open) => {
	it('says what is wrong, is silent when nothing is, and tells when the store does not answer', async () => {
		const run = await open(example('feedback-routing'), { mailer: {} });
		const alert = async () => await run.operate(example('health-alert'), 'Every hour');
		await alert();
		expect(letters(run)).toEqual(['03-02 10:00 team: Journeys: 1 to look at']);
		expect(run.mails[0]!.text).toMatch(/^No event has come in\.\n\nLate: 0 people, by 0 s at most · given up: 0 · unknown messages: 0 · store: \d+ MB\n$/);
		await run.send({ ...known('customer-1'), event: 'Signed In' });
		await alert();
		expect(run.mails).toHaveLength(1);
		await run.pass('25 hours');
		await alert();
		expect(letters(run).slice(1)).toEqual(['03-03 11:00 team: Journeys: 1 to look at']);
		expect(run.mails[1]!.text).toMatch(/^No event has come in for 25 hours\.\n/);

		const broken = jest.spyOn(run.store, 'tx').mockRejectedValue(new Error('connect ECONNREFUSED'));
		await alert();
		broken.mockRestore();
		expect(run.mails.slice(2).map(({ to, subject, text }) => [to, subject, text])).toEqual([
			['team@example.com', 'Journeys: the store does not answer', expect.stringContaining('connect ECONNREFUSED')],
		]);
	});
});
