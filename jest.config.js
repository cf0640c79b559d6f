/** @type {import('jest').Config} */
const shared = {
	rootDir: __dirname,
	testEnvironment: 'node',
	transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
	modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.tmp'],
};

/** One Postgres for the whole run, for the projects that need it. */
const withPostgres = { ...shared, globalSetup: '<rootDir>/test/support/postgresForAll.ts' };

module.exports = {
	// A test that hangs is found; a busy machine is no failure.
	testTimeout: 60_000,
	// What test files leave behind in a process adds up to gigabytes over a hundred of them.
	workerIdleMemoryLimit: '1GB',
	projects: [
		{ ...shared, displayName: 'core', testMatch: ['<rootDir>/test/core/**/*.test.ts'] },
		{ ...withPostgres, displayName: 'store', testMatch: ['<rootDir>/test/{store,run,report,command}/**/*.test.ts'] },
		{ ...withPostgres, displayName: 'nodes', testMatch: ['<rootDir>/test/{nodes,journeys}/**/*.test.ts'] },
		{ ...withPostgres, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.test.ts'] },
	],
};
