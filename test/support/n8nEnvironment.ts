import { delimiter, join } from 'node:path';

export const repository = join(__dirname, '..', '..');
const bin = join(repository, 'node_modules', '.bin');
/** Node 24, which n8n 2.41 needs, whatever this process runs on. */
export const node24 = join(bin, 'node');
export const n8nProgram = join(repository, 'node_modules', 'n8n', 'bin', 'n8n');

const quiet = {
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_SECURE_COOKIE: 'false',
	N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true',
	GENERIC_TIMEZONE: 'UTC',
	N8N_LISTEN_ADDRESS: '127.0.0.1',
};

export type Database = 'sqlite' | { postgres: string };

function databaseSettings(database: Database): Record<string, string> {
	if (database === 'sqlite') return { DB_TYPE: 'sqlite' };
	const url = new URL(database.postgres);
	return {
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: url.hostname,
		DB_POSTGRESDB_PORT: url.port || '5432',
		DB_POSTGRESDB_USER: decodeURIComponent(url.username),
		DB_POSTGRESDB_PASSWORD: decodeURIComponent(url.password),
		DB_POSTGRESDB_DATABASE: decodeURIComponent(url.pathname.slice(1)),
	};
}

export interface EnvironmentOptions {
	userFolder: string;
	database: Database;
	queue?: { redisPort: number };
	editor?: boolean;
	env?: Record<string, string>;
}

/** Everything an n8n process needs to run beside others: its own folder, database and ports, and nothing of the caller's n8n settings. */
export function n8nEnvironment(options: EnvironmentOptions, port: number, brokerPort: number): NodeJS.ProcessEnv {
	const inherited = Object.entries(process.env).filter(([name]) => !/^(N8N_|DB_|EXECUTIONS_|QUEUE_|NODE_OPTIONS$|JEST_|NODE_ENV$|JOURNEY_)/.test(name));
	const queue = options.queue && {
		EXECUTIONS_MODE: 'queue',
		QUEUE_BULL_REDIS_HOST: '127.0.0.1',
		QUEUE_BULL_REDIS_PORT: String(options.queue.redisPort),
	};
	return {
		...Object.fromEntries(inherited),
		PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
		...quiet,
		N8N_USER_FOLDER: options.userFolder,
		N8N_PORT: String(port),
		N8N_RUNNERS_BROKER_PORT: String(brokerPort),
		N8N_DISABLE_UI: String(options.editor !== true),
		...databaseSettings(options.database),
		...queue,
		...options.env,
	};
}
