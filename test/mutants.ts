/**
 * Puts one deliberate defect after the other into a copy of the tree, builds it, and runs the test that is to notice it:
 *
 *     npm run test:mutants                   all of them
 *     npm run test:mutants -- pacer output   those whose names begin so
 *     npm run test:mutants -- --table        only writes mutants.md
 *
 * Each is a patch in mutants/ with a head that says what is wrong and who notices it. Needs a build of the tree.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { type Mutant, mutants, root, table, tableFile } from './mutants/list.js';

/** Within which a defect has to be noticed, in ms; and what a test waits for at most, in s. */
const limit = 60_000;
const testDeadline = 15;

/** Of how many defects one may go unnoticed. */
const tolerated = 10;

type Outcome = 'noticed' | 'not noticed' | 'hangs' | 'does not apply' | 'does not build' | 'its test fails without it';

/** A copy of what git knows of the tree and of what is built; what is built there has the times of its sources. */
function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'procpool-mutants-'));
  const files = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const built = ['build', 'dist', 'test/native/build'];
  for (const file of [...files.stdout.toString().split('\0').filter(Boolean), ...built]) {
    cpSync(join(root, file), join(folder, file), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function succeeds(cwd: string, command: string, args: string[]): boolean {
  return spawnSync(command, args, { cwd, stdio: 'ignore' }).status === 0;
}

function build(tree: string, { files, test }: Mutant): boolean {
  const gyp = join('node_modules', '.bin', 'node-gyp');
  const native = files.some((file) => file.startsWith('native/'));
  if (native && test.startsWith('test/native/')) return succeeds(tree, gyp, ['build', '--directory', 'test/native']);
  if (native && !succeeds(tree, gyp, ['build'])) return false;
  return native || succeeds(tree, 'npm', ['run', '-s', 'build:lib']);
}

/** How many tests passed, or why that is not known. */
async function run(tree: string, { test, name }: Mutant): Promise<number | 'failed' | 'hangs'> {
  const filter = name === '' ? [] : ['--test-name-pattern', name];
  const args = ['--import', 'tsx', '--test', '--test-force-exit', '--test-reporter=tap', ...filter];
  // A process group of its own, so that all that it started can be ended with it.
  const child = spawn(process.execPath, [...args, test], {
    cwd: tree,
    env: { ...process.env, PROCPOOL_TEST_DEADLINE: String(testDeadline) },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, limit);
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...end) => {
      resolve(end);
    });
  });
  clearTimeout(timer);
  if (signal === 'SIGKILL') return 'hangs';
  return status === 0 ? Number(/^# pass (\d+)/m.exec(output)?.[1]) : 'failed';
}

const sound = new Map<string, boolean>();

/** Whether the test passes without the defect. */
async function isSound(tree: string, mutant: Mutant): Promise<boolean> {
  const key = `${mutant.test} ${mutant.name}`;
  const known = sound.get(key);
  if (known !== undefined) return known;
  const passed = await run(tree, mutant);
  const result = typeof passed === 'number' && passed > 0;
  sound.set(key, result);
  return result;
}

async function tryOut(tree: string, mutant: Mutant): Promise<Outcome> {
  if (!build(tree, mutant)) throw new Error('the tree does not build as it is');
  if (!(await isSound(tree, mutant))) return 'its test fails without it';
  if (!succeeds(tree, 'git', ['apply', mutant.patch])) return 'does not apply';
  try {
    if (!build(tree, mutant)) return 'does not build';
    const passed = await run(tree, mutant);
    return passed === 'failed' ? 'noticed' : passed === 'hangs' ? 'hangs' : 'not noticed';
  } finally {
    succeeds(tree, 'git', ['apply', '--reverse', mutant.patch]);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { table: { type: 'boolean' } }, allowPositionals: true });
  writeFileSync(tableFile, await table());
  if (values.table === true) return;
  const chosen = mutants().filter(
    ({ id }) => positionals.length === 0 || positionals.some((name) => id.startsWith(name)),
  );
  const tree = copyTree();
  let noticed = 0;
  try {
    for (const mutant of chosen) {
      const start = Date.now();
      const outcome = await tryOut(tree, mutant);
      if (outcome === 'noticed') noticed += 1;
      console.log(`${outcome}: ${mutant.id} (${Math.round((Date.now() - start) / 1000)} s)`);
    }
  } finally {
    rmSync(tree, { recursive: true });
  }
  console.log(`${noticed} of ${chosen.length} are noticed`);
  if ((chosen.length - noticed) * tolerated > chosen.length) process.exitCode = 1;
}

void main();
