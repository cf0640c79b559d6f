import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { repository } from './n8nEnvironment';

/** Where every picture goes. */
export const PICTURES = join(repository, '.tmp', 'screenshots');
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * A headless browser of this machine.
 *
 * @returns undefined, with a printed line, where no Chromium is installed: skip what needs it
 * @throws in CI (CI=true), where nothing may be skipped
 */
export async function openBrowser(): Promise<Browser | undefined> {
	const executablePath = installed();
	if (executablePath === undefined) {
		const line = `none of ${PROGRAMS.join(', ')} is in the PATH`;
		if (process.env.CI === 'true') throw new Error(`${line}; in CI these tests must run. Install Chromium.`);
		console.warn(`SKIPPED: ${line}, so what a browser shows is not tested.`);
		return undefined;
	}
	mkdirSync(PICTURES, { recursive: true });
	return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

function installed(): string | undefined {
	try {
		return execFileSync('sh', ['-c', PROGRAMS.map((name) => `command -v ${name}`).join(' || ')]).toString().trim();
	} catch {
		return undefined;
	}
}
