import n8n from '@n8n/eslint-plugin-community-nodes';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Refuses imports that match; `regex` sees the path as it is written. */
const imports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns: patterns.map(([regex, message]) => ({ regex, message })) }] });

const SQL = { selector: "CallExpression[callee.property.name='rows']", message: 'SQL lives in lib/store, one function per statement.' };
const PURE = [
	{ selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'core has no clock: take `now` as an argument.' },
	{ selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'core has no clock: take `now` as an argument.' },
	{ selector: "CallExpression[callee.object.name=/^(DateTime|Math)$/][callee.property.name=/^(now|local|random)$/]", message: 'core has no clock and no randomness: take them as arguments.' },
];

export default defineConfig([
	globalIgnores(['dist/', 'coverage/', '.tmp/', 'node_modules/']),

	{
		files: ['**/*.ts'],
		extends: [tseslint.configs.recommendedTypeChecked],
		languageOptions: { parserOptions: { project: ['./test/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		rules: {
			eqeqeq: 'error',
			'@typescript-eslint/consistent-type-imports': 'error',
			'@typescript-eslint/return-await': ['error', 'always'],
			'@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
			// n8n calls these methods with `this` bound, and an `async` without `await` keeps a thrown error in the promise.
			'@typescript-eslint/require-await': 'off',
			// It also wants assertions that narrow what n8n returns as a bare union written as type arguments, which check no more.
			'@typescript-eslint/no-unnecessary-type-assertion': 'off',
			// `String(found)` quotes what a parameter or an event held, whatever it is.
			'@typescript-eslint/no-base-to-string': 'off',
			// Numbers read well in messages; everything else still has to be turned into words.
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: true }],
		},
	},

	{
		files: ['test/**/*.ts', 'demo/**/*.ts'],
		rules: {
			// Answers of n8n and rows of ad hoc queries have no types; jest's matchers are `any` by design.
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-unsafe-return': 'off',
			// `it.each(STORES.map(...))` and `expect(object.method)` take methods apart on purpose.
			'@typescript-eslint/unbound-method': 'off',
		},
	},

	// The rings: core decides, store remembers, run moves, report reads, nodes hand over.
	{
		files: ['lib/core/**/*.ts'],
		rules: {
			...imports(
				['/(store|run|report|command)/', 'core decides and knows no other ring.'],
				['^(?!\\.)(?!luxon$|zod/v4$|node:crypto$)', 'core is pure: no I/O, no host. Libraries that only compute are listed in eslint.config.mjs.'],
			),
			'no-restricted-syntax': ['error', SQL, ...PURE],
			'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch'],
		},
	},
	{ files: ['lib/store/**/*.ts'], rules: imports(['/(run|report|command)/', 'store remembers: it may use core, nothing above it.']) },
	{
		files: ['lib/run/**/*.ts'],
		rules: { ...imports(['/(report|command)/', 'run moves: it may use core and store.'], ['^n8n', 'lib does not know its host.']), 'no-restricted-syntax': ['error', SQL] },
	},
	{
		files: ['lib/report/**/*.ts'],
		rules: { ...imports(['/(run|command)/', 'report reads: it may use core and store.'], ['^n8n', 'lib does not know its host.']), 'no-restricted-syntax': ['error', SQL] },
	},
	{
		files: ['lib/command/**/*.ts'],
		rules: { ...imports(['^n8n', 'lib does not know its host.'], ['/nodes/', 'The command is beside n8n, not in it.']), 'no-restricted-syntax': ['error', SQL] },
	},
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		rules: {
			...imports(
				['/lib/(?!index$)', 'Nodes use lib/index only.'],
				['^\\.\\./(.*/)?Journey[A-Z]', 'A node uses its own folder, nodes/shared and lib/index; what two nodes need lives in nodes/shared.'],
				['^(?!\\.)(?!n8n-workflow$|node:)', 'Nodes use n8n-workflow, and nothing else of n8n.'],
			),
			'no-restricted-syntax': ['error', SQL],
		},
	},

	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		extends: [n8n.configs.recommendedWithoutN8nCloudSupport],
		rules: {
			// They look for the icon and for `testedBy` in the node's class; ours are in description.ts.
			'@n8n/community-nodes/icon-validation': 'off',
			'@n8n/community-nodes/credential-test-required': 'off',
			// It goes by the field's name: a write key and a private authority's certificate are nobody else's business.
			'@n8n/community-nodes/credential-unnecessary-password': 'off',
		},
	},
	{
		files: ['package.json'],
		extends: [n8n.configs.recommendedWithoutN8nCloudSupport],
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
		rules: {
			// The engine needs a database driver and an embedded database; both run in n8n's process only.
			'@n8n/community-nodes/no-runtime-dependencies': 'off',
			// Not for the pack but for its tests: without them n8n itself cannot be installed here.
			'@n8n/community-nodes/no-overrides-field': 'off',
			// `test.ts` beside a node is what it does in a test run in the editor.
			'@n8n/community-nodes/no-dead-files': 'off',
			// It has a page of its own and an author with an address once it is published.
			'@n8n/community-nodes/require-homepage': 'off',
			'@n8n/community-nodes/valid-author': 'off',
		},
	},
]);
