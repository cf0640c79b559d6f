import { assign, baseNode, ifNumber, journeyNode, wires } from '../../support/canvas';
import { sendEmail, smtpCredential } from '../../support/emails';
import { eventState } from '../../support/journeys';
import { startSmtp, type SmtpSink } from '../../support/smtp';
import { ago, entry, mark, quiet, SECONDS, type Scene } from './scene';

const greeting = "return { json: { ...$json, greeting: `Hello ${$json.profile.attributes.first_name}, your ${$json.size} cart` } };";
const journey = (smtp: string) => ({
	name: 'Cart', settings: { ...quiet, saveDataErrorExecution: 'none' },
	nodes: [
		entry('cart', { values: { value: [{ name: 'total', path: 'total' }] } }),
		journeyNode('Filter', 'journeyAudienceFilter', { conditions: { attribute: [{ path: 'email', operator: 'exists', value: '' }] } }),
		mark('Unknown'),
		ifNumber('If', '={{ $json.context.total }}', 'gt', 50),
		baseNode('Large', 'set', 3.4, assign({ size: 'large' })),
		baseNode('Small', 'set', 3.4, assign({ size: 'small' })),
		baseNode('Code', 'code', 2, { mode: 'runOnceForEachItem', jsCode: greeting }),
		journeyNode('Check', 'journeyAction', { operation: 'check', required: 'first_name' }),
		mark('Skipped'),
		sendEmail('Send Email', smtp, '={{ $json.greeting }}'),
		eventState('Wait', [{ event: 'click', output: 'clicked' }], [SECONDS, 'seconds']),
		journeyNode('Branch', 'journeyBranch', { rules: { rule: [{ output: 'large', match: 'all', conditions: { context: [{ path: 'total', operator: 'greater', value: '50' }] } }] } }),
		mark('Call', '=call-{{ $json.context.total }}'), mark('Leave', '=leave-{{ $json.context.total }}'), mark('Clicked', '=clicked-{{ $json.event.properties.link }}'),
		journeyNode('Goal', 'journeyConversionGoal', { event: 'order', options: { value: 'revenue' } }), mark('Thanks'),
	],
	connections: wires(
		'Entry > Filter', 'Filter:0 > If', 'Filter:1 > Unknown', 'If:0 > Large', 'If:1 > Small', 'Large > Code', 'Small > Code', 'Code > Check',
		'Check:0 > Send Email', 'Check:1 > Skipped', 'Send Email > Wait', 'Wait:0 > Branch', 'Wait:1 > Clicked', 'Branch:0 > Leave', 'Branch:1 > Call', 'Goal:1 > Thanks',
	),
});

/** Everything one after the other, as in a user's own first journey. */
export function cart(scene: Scene): void {
	let smtp: SmtpSink;
	beforeAll(async () => {
		smtp = await startSmtp({ takes: 300 });
	});
	afterAll(async () => await smtp?.stop());

	it('enter → filter → Set, IF and Code → check → send → wait for a click or 3 s → branch → convert', async () => {
		const { watch } = scene;
		await scene.on.publish(journey(await smtpCredential(scene.on.n8n, smtp)));
		const email = (who: string) => `customer-${who.slice(5)}@example.com`;
		const known = (who: string, more: object = { email: 'granted' }) =>
			({ who, email: email(who), change: { attributes: { email: email(who), first_name: who.toUpperCase() }, consent: more as { email: 'granted' } } });
		const people = ['cart-1', 'cart-2', 'cart-3', 'cart-4', 'cart-5', 'cart-6', 'cart-7', 'cart-8'];
		const [quick, clicks, large, small, orders, ordered, refuses, stranger] = people as [string, string, string, string, string, string, string, string];
		await watch.happen(...people.slice(0, 6).map((who) => known(who)), known(refuses, { email: 'denied' }), { who: stranger, change: { attributes: { first_name: 'Nobody' } } });
		await watch.happen(
			...people.map((who) => ({ who, event: 'cart', properties: { total: who === large ? 80 : 20 }, at: ago(2) })),
			{ who: ordered, event: 'order', properties: { revenue: 1 }, at: ago(1) },
		);
		// While the mail server takes the others' mails: nobody waits yet.
		await watch.until('the first is mailed', async () => smtp.mails.some(({ to }) => to[0] === email(quick)));
		await watch.happen({ who: quick, event: 'click', properties: { link: 'early' } });
		expect(await watch.story(quick)).toEqual(['entered Entry', 'audience Filter: in']);
		await scene.parked(clicks, orders);
		await watch.happen({ who: clicks, event: 'click', properties: { link: 'late' } }, { who: orders, event: 'order', properties: { revenue: 9.5 } });
		await scene.through(...people);

		expect(await scene.tagsOf(...people)).toEqual([['clicked-early'], ['clicked-late'], ['call-80'], ['leave-20'], ['thanks'], ['thanks'], ['skipped'], ['unknown']]);
		const mails = smtp.mails.map(({ to, text }) => `${to.join()}: ${text}`).sort();
		expect(mails).toEqual([quick, clicks, large, small, orders].map((who) => `${email(who)}: Hello ${who.toUpperCase()}, your ${who === large ? 'large' : 'small'} cart`).sort());
		expect(await watch.story(large)).toEqual(['entered Entry', 'audience Filter: in', 'parked Wait', 'sent Check: email', 'woken Wait: time', 'branched Branch: rule → large', 'done: completed']);
		expect(await watch.story(ordered)).toEqual(['entered Entry', 'converted Goal: leaves', 'done: converted']);
		expect(await watch.tally('status', "deliveries JOIN steps ON steps.id = step_id WHERE steps.name = 'Check'")).toEqual({ sent: 5 });
		expect(await watch.rows("SELECT value FROM conversions WHERE value IN (1, 9.5) ORDER BY value")).toEqual([{ value: 1 }, { value: 9.5 }]);
	});
}
