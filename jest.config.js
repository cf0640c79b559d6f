/** @type {import('jest').Config} */
const shared = {
	rootDir: __dirname,
	testEnvironment: 'node',
	transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
	modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.tmp'],
};

module.exports = {
	projects: [
		{ ...shared, displayName: 'core', testMatch: ['<rootDir>/test/core/**/*.test.ts'] },
		{ ...shared, displayName: 'store', testMatch: ['<rootDir>/test/{store,run,report}/**/*.test.ts'] },
		{ ...shared, displayName: 'nodes', testMatch: ['<rootDir>/test/{nodes,journeys}/**/*.test.ts'] },
		{ ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.test.ts'] },
	],
};
