import { startPostgres } from './postgres';

/** Jest's global set-up: one Postgres for the whole run, for all projects and workers; it ends with jest itself. */
export default async function postgresForAll(): Promise<void> {
	process.env.JOURNEY_TEST_POSTGRES_URL ??= (await startPostgres()).url;
}
