// What a fresh clone lacks: the packages, a Node that is new enough, and the build. Runs on Node 20 and newer, on Windows too.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';

/** Everything the build reads, as one hash; `dist/.inputs` holds the hash it was built from. */
export function buildInputs() {
  const hash = createHash('sha256');
  const add = (file) =>
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', join('scripts', 'build.js')]) add(join(root, name));
  for (const folder of ['commands', 'fixtures', 'src']) {
    if (!existsSync(join(root, folder))) continue;
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter(
      (name) => /\.(ts|css)$|tsconfig\.json$/.test(name) && !name.endsWith('.test.ts'),
    );
    for (const name of files.sort()) add(join(root, folder, name));
  }
  return hash.digest('hex');
}

/** Does node_modules hold what package-lock.json says? Compared by content: a checkout touches the times of files. */
function packagesAreInstalled() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version);
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

/** The Node of the package `node` when it is there, else this one when it is new enough. */
export function findNode() {
  const packaged = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');
  if (existsSync(packaged)) return packaged;
  if (isNewEnough(process.versions.node)) return process.execPath;
  console.error(`This needs Node 22.18 or newer; this is Node ${process.versions.node}, and npm did not install the one in package.json`);
  console.error('(it does so in an install script: is ignore-scripts set?). Get one from https://nodejs.org, then try again.');
  process.exit(2);
}

function npm(...args) {
  // npm tells its scripts where it is; without that, Windows needs a shell to find npm.cmd.
  const own = process.env.npm_execpath;
  const result = own?.endsWith('.js')
    ? spawnSync(process.execPath, [own, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: windows });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Installs and builds what is missing; answers the path of Node. What it says goes to stderr. */
export function prepare({ build }) {
  if (!packagesAreInstalled()) {
    console.error('Installing packages (npm ci) …');
    npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  }
  const node = findNode();
  if (!build) return node;
  const stamp = join(root, 'dist', '.inputs');
  if (!existsSync(stamp) || !existsSync(join(root, 'oclif.manifest.json')) || readFileSync(stamp, 'utf8') !== buildInputs()) {
    console.error('Building …');
    const result = spawnSync(node, [join(root, 'scripts', 'build.js')], { cwd: root, stdio: ['ignore', 2, 2] });
    if (result.status !== 0) process.exit(result.status ?? 1);
  }
  return node;
}

/** Runs to the end, handing on Ctrl-C and the exit code. */
export function run(node, args) {
  const child = spawn(node, args, { cwd: root, stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; this one only waits for the other to end in order.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
