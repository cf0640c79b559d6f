const { src, dest } = require('gulp');

/** Copies what tsc does not compile: icons, codex files, migrations, and package.json for the version. */
function assets() {
	return src(['nodes/**/*.{svg,png,json}', 'credentials/**/*.svg', 'lib/**/*.sql', 'package.json'], { base: '.', encoding: false }).pipe(dest('dist'));
}

exports.default = assets;
