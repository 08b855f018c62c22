// Compiles to dist/ and writes the command manifest, so that `cutover --help` reads one JSON file instead of importing every command.
// What was there stays until the compiler has finished: a failed build leaves the last good one.
import { spawnSync } from 'node:child_process';
import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildInputs, findNode, root } from './prepare.js';

const node = findNode();
if (node !== process.execPath && process.argv[2] !== '--same') {
  // npm may have started this with an older Node than the one in package.json.
  const again = spawnSync(node, [join(root, 'scripts', 'build.js'), '--same'], { stdio: 'inherit' });
  process.exit(again.status ?? 1);
}
const inputs = buildInputs();
const next = join(root, 'dist.next');
rmSync(next, { recursive: true, force: true });
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
// The page of the HTML report knows a document and no Node: it is compiled by itself, and its style goes beside it.
const page = join('src', 'adapters', 'report', 'page');
for (const project of ['tsconfig.build.json', page]) {
  const compiled = spawnSync(process.execPath, [compiler, '-p', join(root, project), '--noEmit', 'false', '--outDir', next], { stdio: 'inherit' });
  if (compiled.status === 0) continue;
  rmSync(next, { recursive: true, force: true });
  process.exit(compiled.status ?? 1);
}
copyFileSync(join(root, page, 'page.css'), join(next, page, 'page.css'));
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(next, join(root, 'dist'));
rmSync(join(root, 'oclif.manifest.json'), { force: true });
const { Plugin } = await import('@oclif/core/config');
const plugin = new Plugin({ root, ignoreManifest: true, respectNoCacheDefault: true, errorOnManifestCreate: true });
await plugin.load();
writeFileSync(join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest, null, 2)}\n`);
const { writeTemplate } = await import('../dist/src/adapters/state/embedded-cluster.js');
await writeTemplate(join(root, 'dist', 'embedded-state.tar.gz'));
writeFileSync(join(root, 'dist', '.inputs'), inputs);
