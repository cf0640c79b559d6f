import type { ICredentialTestFunctions, ICredentialsDecrypted, INodeCredentialTestResult } from 'n8n-workflow';

import { testPostgres, testRedis } from '../../lib/index';
import { settingsOf } from '../shared/engine';

const OLDEST = 15;

/** The *Test* button of a *Journey Store* credential. */
export async function testStore(this: ICredentialTestFunctions, credential: ICredentialsDecrypted): Promise<INodeCredentialTestResult> {
	try {
		const settings = settingsOf(credential.data ?? {});
		const version = await testPostgres(settings);
		if (Number.parseInt(version) < OLDEST) return { status: 'Error', message: `This is Postgres ${version}. Use version ${OLDEST} or newer.` };
		const redis = settings.redis ? ` and Redis ${await testRedis(settings.redis)}` : '';
		return { status: 'OK', message: `Connected to Postgres ${version}${redis}` };
	} catch (error) {
		// Where a name has two addresses and both refuse, the driver's message is empty.
		const { message, code } = error as NodeJS.ErrnoException;
		return { status: 'Error', message: message || `No connection: ${code}` };
	}
}
