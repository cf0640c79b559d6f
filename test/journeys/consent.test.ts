import { explain } from '../../lib/report/explain';
import type { ConsentState } from '../../lib/core/types';
import { baseNode, journeyNode, wires } from '../support/canvas';
import { OneNode } from '../support/headless/oneNode';
import { journeys } from '../support/journeys';
import { ask } from '../support/world';

jest.setTimeout(60_000);

const mail = baseNode('Mail', 'emailSend', 2.1, { toEmail: '={{ $json.profile.email }}', subject: 'News', text: 'News' }, { onError: 'continueRegularOutput' });
const canvas = (checking: object, options: object = {}) => ({
	name: 'News',
	nodes: [journeyNode('Entry', 'journeyEntryTrigger', { event: 'issue', options }), journeyNode('May we?', 'journeyAction', checking), mail],
	connections: wires('Entry > May we?', 'May we? > Mail'),
});
const purpose = { mode: 'list', value: 'newsletter', __rl: true };

journeys('consent for a purpose', (open) => {
	const issue = (who: string, consent?: Record<string, ConsentState>) => ({ who, event: 'issue', email: `${who}@example.com`, ...(consent && { change: { consent } }) });
	const skips = async (run: Awaited<ReturnType<typeof open>>) => (await ask<{ line: string }>(run.store,
		`SELECT concat_ws(' ', i.value, j.reason, j.detail->>'channel', j.detail->>'purpose', j.detail->>'said_by') AS line
		 FROM journal j JOIN identities i ON i.profile_id = j.profile_id AND i.kind = 'user_id' WHERE j.kind = 'skipped' ORDER BY j.id`)).map(({ line }) => line);
	const mailed = (run: Awaited<ReturnType<typeof open>>) => run.mails.map(({ to }) => to.split('@')[0]);

	it('is what Check Before Sending asks for, and a transactional message asks for none', async () => {
		const run = await open(canvas({ purpose }), { mailer: {} });
		await run.send(
			issue('newsletter-alone', { 'email/newsletter': 'granted' }), issue('all-but-that', { email: 'granted', 'email/newsletter': 'denied' }),
			issue('everything', { email: 'granted' }), issue('marketing-alone', { 'email/marketing': 'granted' }), issue('other-channel', { sms: 'granted', 'sms/newsletter': 'granted' }),
		);
		await run.pass('1 minute');
		expect(mailed(run)).toEqual(['newsletter-alone', 'everything']);
		expect(await skips(run)).toEqual([
			'all-but-that consent_denied email newsletter', 'marketing-alone consent_unknown email newsletter settings', 'other-channel consent_unknown email newsletter settings',
		]);
		const health = async (skippedPercent: number) => (await run.control({ resource: 'store', operation: 'health', skippedPercent }))[0];
		expect(await health(60)).toMatchObject({ skipped: [{ journey: 'journey', asked: 5, skipped: 3, percent: 60, reasons: { consent_denied: 1, consent_unknown: 2 } }], warnings: [] });
		await ask(run.store, `INSERT INTO journal (at, kind, journey_id, profile_id, reason) SELECT $1::timestamptz - make_interval(hours => n), 'skipped', 1, 1, 'consent_denied' FROM generate_series(1, 30) n`, [run.now]);
		expect(await health(93)).toMatchObject({ skipped: [{ asked: 29, skipped: 27, percent: 93 }], warnings: ['journey has skipped 93 % of its 29 messages in the last 24 hours: consent denied (25), consent unknown (2).'] });
		expect([await health(94), await health(0)]).toMatchObject([{ warnings: [] }, { warnings: [] }]);
		await ask(run.store, "DELETE FROM journal WHERE kind = 'skipped' AND step_id IS NULL");
		await run.publish(canvas({}));
		await run.send(issue('newsletter-too', { 'email/newsletter': 'granted' }), issue('marketing-too', { 'email/marketing': 'granted' }));
		await run.pass('1 minute');
		expect(mailed(run).slice(2)).toEqual(['marketing-too']);
		await run.publish(canvas({ class: 'transactional' }));
		await run.send(issue('never-asked'));
		await run.pass('1 minute');
		expect(mailed(run).slice(3)).toEqual(['never-asked']);
		await expect(run.publish(canvas({ purpose: { ...purpose, value: ' ' } }))).rejects.toThrow('Purpose: is empty. Choose what the message is for, such as marketing');
	});

	it('is asked without regard to case, and of a sample as of customers', async () => {
		const shouted = { channel: 'EMail', purpose: { ...purpose, value: 'NewsLetter' } };
		const run = await open(canvas(shouted), { mailer: {} });
		await run.send(issue('newsletter-alone', { 'email/newsletter': 'granted' }), issue('all-but-that', { email: 'granted', 'email/newsletter': 'denied' }));
		await run.pass('1 minute');
		expect([mailed(run), await skips(run)]).toEqual([['newsletter-alone'], ['all-but-that consent_denied email newsletter']]);
		const nodes = await OneNode.on(run.store);
		const samples = [
			{ 'Email/Newsletter': { state: 'granted', at: 2 }, email: { state: 'denied', at: 3 } }, { 'email/newsletter': { state: 'granted', at: 3 }, email: { state: 'denied', at: 2 } },
			{ 'email/newsletter': { state: 'granted', at: '2026-03-01T09:00:00.000Z' }, email: { state: 'denied', at: '2026-03-02T09:00:00.000Z' } }, { 'email/newsletter': 'granted', email: 'denied' },
		].map((consent) => ({ profile: { email: 'customer-1@example.com', consent } }));
		const { outputs } = await nodes.run(journeyNode('May we?', 'journeyAction', shouted), samples, 'manual');
		expect(outputs[1]!.map(({ json }) => (json.skipped as { would: string }).would)).toEqual(['be skipped', 'be sent', 'be skipped', 'be sent']);
	});

	it('goes by the step before the journey before the settings, where it is not known', async () => {
		const ask_ = { purpose };
		const run = await open(canvas(ask_, { unknownConsent: 'send' }), { mailer: {} });
		const everyone = async (who: string, publish: () => Promise<void>) => {
			await publish();
			await run.send(issue(who));
			await run.pass('1 minute');
		};
		await everyone('by-journey', async () => undefined);
		await everyone('by-step', async () => await run.publish(canvas({ ...ask_, ifConsentUnknown: 'skip' }, { unknownConsent: 'send' })));
		await everyone('by-settings', async () => await run.publish(canvas(ask_, { unknownConsent: 'settings' })));
		await run.control({ resource: 'settings', operation: 'change', changes: { unknownConsent: 'send' } });
		await everyone('by-settings-now', async () => undefined);
		await everyone('by-journey-again', async () => await run.publish(canvas(ask_, { unknownConsent: 'skip' })));
		await everyone('by-step-again', async () => await run.publish(canvas({ ...ask_, ifConsentUnknown: 'send' }, { unknownConsent: 'skip' })));
		expect(mailed(run)).toEqual(['by-journey', 'by-settings-now', 'by-step-again']);
		expect(await skips(run)).toEqual([
			'by-step consent_unknown email newsletter step', 'by-settings consent_unknown email newsletter settings', 'by-journey-again consent_unknown email newsletter journey',
		]);
	});

	it('stands in the story of the customer with all its changes', async () => {
		const run = await open(canvas({ purpose }), { mailer: {} });
		await run.send({ ...issue('customer-1', { email: 'granted' }), at: new Date('2026-03-01T10:00:00Z') });
		await run.send({ ...issue('customer-1', { 'email/newsletter': 'denied' }) }, { who: 'customer-2', change: { consent: { sms: 'denied' } } });
		await run.pass('1 minute');
		const story = async (value: string) => ((await explain(run.store, [{ identity: { kind: 'user_id', value }, journey: 'journey', limit: 50, skip: 0 }]))[0] as Array<{ sentence: string }>).map(({ sentence }) => sentence);
		expect(await story('customer-1')).toEqual(expect.arrayContaining([
			"2026-03-02 10:00:00 UTC — Forbade messages by email for 'newsletter' (test).",
			'2026-03-01 10:00:00 UTC — Allowed messages by email for all purposes (test).',
			"2026-03-02 10:00:00 UTC — Message not sent at 'May we?': consent denied (channel email, purpose newsletter).",
		]));
		expect(await story('customer-2')).toEqual([
			expect.stringMatching(/Nothing is on record: no event of this customer has matched/), '2026-03-02 10:00:00 UTC — Forbade messages by sms for all purposes (test).',
		]);
	});
});
