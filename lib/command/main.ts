#!/usr/bin/env node
import { parseArgs } from 'node:util';

import { StoreError } from '../store/types';
import { backupCommand } from './backup';
import { moveCommand } from './move';
import { restoreCommand, restoredCommand } from './restore';
import { resumeCommand, statusCommand } from './resume';
import { OPTIONS, Usage, type Given } from './given';

const HELP = `n8n-nodes-journey <command>

  status                      what is in the store, and whether people move
  backup <file>               a copy of everything, while n8n runs
  restore <file> [--replace]  makes a store of a backup; it is paused until "resume".
                              --replace puts aside what is there. n8n must be stopped
  resume --skip | --go-on     lets a restored store go on: without sending what fell due
                              since the backup, or sending it
  resume --not-moved          takes back a "move" that was cut off
  restored --taken-at <time>  says that the store is a copy made by other means (pg_dump,
                              a snapshot of the disk): it is paused like after "restore"
  move --to <url>             from the embedded store to a Postgres, with everybody who
       [--to-schema <name>]   waits. n8n must be stopped

The store: --url <postgres://…> [--schema <name>], else JOURNEY_STORE_URL and
JOURNEY_STORE_SCHEMA (default: journey), else the embedded store in --folder <folder>
(default: .n8n/journey in N8N_USER_FOLDER or your home folder).
`;

const COMMANDS: Record<string, (given: Given) => Promise<string>> = {
	status: statusCommand, backup: backupCommand, restore: restoreCommand, restored: restoredCommand, resume: resumeCommand, move: moveCommand,
};

/** Runs one command. @returns what is printed @throws StoreError, Usage */
export async function run(args: string[]): Promise<string> {
	const { values, positionals } = parse(args);
	const [name, ...rest] = positionals;
	if (values.help || name === undefined) return HELP;
	const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (!command) throw new Usage(`There is no command "${name}".`);
	return `${await command({ values, rest })}\n`;
}

function parse(args: string[]) {
	try {
		return parseArgs({ args, allowPositionals: true, options: OPTIONS });
	} catch (error) {
		throw new Usage((error as Error).message);
	}
}

if (require.main === module) {
	// The embedded database keeps no process alive; this one is there for it.
	const alive = setInterval(() => undefined, 60_000);
	run(process.argv.slice(2)).then(
		(text) => process.stdout.write(text),
		(error: Error) => {
			const known = error instanceof StoreError || error instanceof Usage;
			process.stderr.write(`${known ? error.message : (error.stack ?? error.message)}\n${error instanceof Usage ? 'See n8n-nodes-journey --help.\n' : ''}`);
			process.exitCode = error instanceof Usage ? 2 : 1;
		},
	).finally(() => clearInterval(alive));
}
