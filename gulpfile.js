const { src, dest } = require('gulp');

/** Copies what tsc does not compile: icons, codex files and migrations. */
function assets() {
	return src(['nodes/**/*.{svg,png,json}', 'credentials/**/*.svg', 'lib/**/*.sql'], { base: '.', encoding: false }).pipe(dest('dist'));
}

exports.default = assets;
