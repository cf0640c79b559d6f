/** `npm run torture` */
require('../support/typescript.js');
require('./main.ts');
