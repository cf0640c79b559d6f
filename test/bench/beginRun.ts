import { totalmem } from 'node:os';

import { startPostgres } from '../support/postgres';
import { beginRun } from './table';

/** What docs/scaling.md asks for on a machine of this size. Durability is as Postgres ships it. */
const SERVER = { shared_buffers: `${Math.floor(totalmem() / 4 / 2 ** 30)}GB`, max_wal_size: '16GB', checkpoint_timeout: '15min', wal_compression: 'lz4' };

export default async function begin(): Promise<void> {
	beginRun();
	process.env.JOURNEY_TEST_POSTGRES_URL ??= (await startPostgres(SERVER)).url;
}
