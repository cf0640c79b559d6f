/** `npm run demo`: runs the TypeScript beside it. */
require('../test/support/typescript.js');
require('./run.ts');
