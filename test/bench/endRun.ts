import type { Config } from 'jest';

import { endRun } from './table';

export default async function end(config: { nonFlagArgs?: string[]; testPathPatterns?: { patterns: string[] } } & Config): Promise<void> {
	endRun((config.testPathPatterns?.patterns ?? config.nonFlagArgs ?? []).length === 0);
}
