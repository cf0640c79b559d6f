import { setTimeout as sleep } from 'node:timers/promises';
import type { N8n } from '../test/support/n8n';
import { owner } from '../test/support/n8nRest';
import { startSmtp, type SmtpSink } from '../test/support/smtp';
import { play } from './play';
import { Screen, tableOf } from './screen';
import { customers } from './script';
import { Shop } from './shop';
import { setStage } from './stage';
import { differences, sortPost } from './verdict';
import { Watch } from './watch';

const USAGE = `npm run demo [-- --once | --kill]
  --once  ends by itself: exit 0 only if every count is what the played events imply and every e-mail arrived exactly once
  --kill  kills n8n while it sends, starts it again, and says what was lost, doubled and left unknown`;

/** So many reminders have arrived when n8n is killed. */
const KILL_AFTER_MAILS = 40;

const flags = process.argv.slice(2);
const [once, kill] = ['--once', '--kill'].map((flag) => flags.includes(flag));
const screen = new Screen();
let n8n: N8n | undefined;

async function main(): Promise<number> {
	const unknownFlag = flags.find((flag) => !['--once', '--kill'].includes(flag));
	if (unknownFlag !== undefined) throw new Error(`${unknownFlag} is not known.\n${USAGE}`);
	const people = customers();
	const bouncing = new Set(people.filter(({ bounces }) => bounces).map(({ email }) => email));
	const smtp = await startSmtp({ reject: (address) => bouncing.has(address) });
	const stage = await setStage(smtp, (words) => screen.print(words));
	({ n8n } = stage);
	const shop = new Shop(n8n.url, stage.writeKey);
	const watch = new Watch(stage.desk, screen);
	const killed = kill ? killInMidSend(n8n, smtp) : undefined;

	screen.print(`${people.length} customers come to the shop. Waits take seconds here, instead of an hour and a day.\n`);
	const counts = await play(people, shop, smtp, watch);
	await killed;
	await watch.stop();
	await shop.close();
	screen.print(tableOf(counts, 'Everybody has come and gone:'));

	const unknown = await stage.desk.unknown();
	const hero = people.find(({ email, kind }) => (unknown.length > 0 ? email === unknown[0]!.profile.email : kind === 'goes on shopping'))!;
	screen.print(`\nThe story of ${hero.id}, who ${hero.kind}, newest first:`);
	for (const sentence of await stage.desk.story(hero.id)) screen.print(`  ${sentence}`);

	const post = sortPost(people, smtp.mails, smtp.rejected, unknown);
	const wrong = [
		...(kill ? [] : differences(counts, people)),
		...post.lost.map((one) => `lost: ${one}`), ...post.doubled.map((one) => `doubled: ${one}`), ...post.unexpected.map((one) => `nobody was to get: ${one}`),
	];
	screen.print('');
	for (const one of wrong) screen.print(`WRONG  ${one}`);
	if (kill) {
		const { arrived, not } = post.unknown;
		const listed = (names: string[]) => (names.length > 0 ? ` (${names.map((name) => name.split('@')[0]).join(', ')})` : '');
		const said = unknown.length > 0 ? `: ${arrived.length} had arrived${listed(arrived)}, ${not.length} had not${listed(not)}` : '';
		screen.print(`lost ${post.lost.length}, doubled ${post.doubled.length}, unknown ${unknown.length}${said}`);
	} else if (wrong.length === 0) {
		screen.print(`Every count is what the played events imply, and each of ${smtp.mails.length} e-mails arrived exactly once.`);
	}
	if (once || kill) return wrong.length === 0 ? 0 : 1;

	screen.print(`\nThe journey in the editor: ${stage.journeyUrl}\nLog in as ${owner.email} with the password ${owner.password}\nCtrl+C stops everything.`);
	await new Promise(() => setInterval(() => undefined, 60_000));
	return 0;
}

async function killInMidSend(victim: N8n, smtp: SmtpSink): Promise<void> {
	while (smtp.mails.length < KILL_AFTER_MAILS) await sleep(5);
	await victim.kill();
	screen.print(`n8n was killed (SIGKILL) while it was sending, after ${smtp.mails.length} e-mails. Starting it again …`);
	await victim.start();
	screen.print(`n8n is back after ${Math.round(victim.bootedInMs / 1000)} s.`);
}

async function end(code: number): Promise<never> {
	if (n8n) await n8n.stop();
	process.exit(code);
}

process.once('SIGINT', () => {
	screen.print('\nStopping …');
	void end(flags.length > 0 ? 130 : 0);
});
main().then(end, async (error: Error) => {
	screen.print(`\n${error.message}`);
	if (n8n) screen.print(`The end of n8n's log:\n${n8n.logs().slice(-3000)}`);
	await end(1);
});
