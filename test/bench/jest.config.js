/** Benchmarks are run by `npm run bench`, one after the other, and never as tests. */
const { projects } = require('../../jest.config.js');

const { transform } = projects.find(({ displayName }) => displayName === 'e2e');

/** @type {import('jest').Config} */
module.exports = {
	rootDir: '../..',
	testEnvironment: 'node',
	transform,
	globalSetup: '<rootDir>/test/bench/beginRun.ts',
	globalTeardown: '<rootDir>/test/bench/endRun.ts',
	modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.tmp'],
	testMatch: ['<rootDir>/test/bench/**/*.bench.ts'],
	maxWorkers: 1,
	testTimeout: 20 * 60_000,
};
