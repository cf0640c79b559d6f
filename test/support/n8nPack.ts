import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repository } from './n8nEnvironment';

/**
 * Puts the node pack where n8n looks for community packages.
 * @param pack 'link': this repository itself, as built in dist/; otherwise the path of a tarball made by `npm pack`,
 * unpacked and given its dependencies the way n8n's own installer does it
 */
export function installPack(userFolder: string, pack: string): void {
	const folder = join(userFolder, '.n8n', 'nodes', 'node_modules', 'n8n-nodes-journey');
	if (existsSync(folder)) return;
	mkdirSync(dirname(folder), { recursive: true });
	if (pack === 'link') {
		if (!existsSync(join(repository, 'dist'))) throw new Error('dist/ is missing: run `npm run build` before the tests that start n8n.');
		symlinkSync(repository, folder);
		return;
	}
	mkdirSync(folder);
	execFileSync('tar', ['-xzf', pack, '-C', folder, '--strip-components=1']);
	const file = join(folder, 'package.json');
	const { devDependencies, peerDependencies, optionalDependencies, ...manifest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
	writeFileSync(file, JSON.stringify(manifest, null, 2));
	const quick = ['--audit=false', '--fund=false', '--bin-links=false', '--package-lock=false', '--prefer-offline'];
	execFileSync('npm', ['install', '--install-strategy=shallow', '--ignore-scripts=true', ...quick], { cwd: folder, stdio: 'pipe' });
}
