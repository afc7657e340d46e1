import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import ts from 'typescript';

import { parseCommand } from '../../lib/arguments.js';
import { cli, root } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { type CodeBlock, codeBlocks, pages } from '../helpers/markdown.js';
import { procpoolArguments } from '../helpers/shell.js';
import { run, runTool, unpack } from '../package/packed.js';

/** What is done with a kind of block; the first rule that covers a block is the one that counts. */
interface Rule {
  covers: (block: CodeBlock) => boolean;
  check: (block: CodeBlock, t: TestContext) => void;
}

const isProgram = ({ language }: CodeBlock): boolean => language === 'js' || language === 'ts';

function succeeds({ status, stdout, stderr }: SpawnSyncReturns<string>): string {
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

function has(t: TestContext, program: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (!found) t.skip(`needs ${program}`);
  return found;
}

/** A folder in which `import 'procpool-native'` is this package. */
function appFolder(t: TestContext): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'procpool-native'));
  return folder;
}

function checkFlags(script: string): void {
  for (const args of procpoolArguments(script)) parseCommand(args);
}

/** Runs a js block, which has to end by itself; returns what it prints. */
function output(block: CodeBlock, t: TestContext): string {
  const folder = appFolder(t);
  writeFileSync(join(folder, 'program.mjs'), block.text);
  const { stdout, stderr, status } = spawnSync(process.execPath, ['program.mjs'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.deepEqual([stderr, status], ['', 0]);
  return stdout;
}

const rules: Rule[] = [
  // Compiled below, all together.
  { covers: isProgram, check: () => undefined },
  {
    // What the program before it prints.
    covers: ({ language, previous }) => language === '' && previous?.language === 'js',
    check: ({ text, previous }, t) => {
      const anyPort = (printed: string): string => printed.replace(/^on \S+:\d+$/m, 'on [::]:0');
      assert.equal(anyPort(output(previous!, t)), anyPort(text));
    },
  },
  {
    covers: ({ language }) => language === 'sh',
    check: ({ text }) => {
      succeeds(spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' }));
      checkFlags(text);
    },
  },
  {
    // A command, and what it prints.
    covers: ({ text }) => text.startsWith('$ npx procpool-native '),
    check: ({ text }) => {
      const [command = '', ...printed] = text.split('\n');
      const [args = []] = procpoolArguments(command.slice(2));
      const stdout = succeeds(spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' }));
      assert.equal(stdout, printed.join('\n'));
    },
  },
  {
    covers: ({ language }) => language === 'logrotate',
    check: ({ text }, t) => {
      if (!has(t, 'logrotate')) return;
      const file = join(temporaryFolder(t), 'logrotate.conf');
      writeFileSync(file, text);
      chmodSync(file, 0o644);
      const { stderr } = spawnSync('logrotate', ['--debug', '--state', `${file}.state`, file], { encoding: 'utf8' });
      assert.match(stderr, /Handling 1 logs/);
      assert.doesNotMatch(stderr, /error/i);
    },
  },
  {
    covers: ({ language, text }) => language === 'ini' && text.includes('[Service]'),
    check: ({ text }, t) => {
      const command = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
      checkFlags(command);
      if (!has(t, 'systemd-analyze')) return;
      const unit = join(temporaryFolder(t), 'ingest.service');
      // systemd asks whether the program is there, which it is after an installation only.
      writeFileSync(unit, text.replace(/^(ExecStart=)\S+/m, `$1${process.execPath}`));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      const complaints = stderr.split('\n').filter((line) => line.includes('ingest.service'));
      assert.deepEqual([complaints, status], [[], 0]);
    },
  },
  // Needs a pool that runs, and the right to trace it.
  { covers: ({ language }) => language === 'gdb', check: () => undefined },
  // A drawing.
  { covers: ({ language, text }) => language === '' && /[│─]/.test(text), check: () => undefined },
];

for (const page of pages()) {
  test(`code blocks of ${page}`, async (t) => {
    for (const block of await codeBlocks(page)) {
      await t.test(`${block.language} in line ${block.line}`, (t) => {
        const rule = rules.find(({ covers }) => covers(block));
        assert.ok(rule, `no rule covers this block:\n${block.text}`);
        rule.check(block, t);
      });
    }
  });
}

/** CommonJS has no `await` outside of functions. */
function inFunction(program: string): string {
  const source = ts.createSourceFile('program.ts', program, ts.ScriptTarget.ES2022);
  const parts = source.statements.map((statement) => statement.getFullText(source));
  const isImport = (_: string, index: number): boolean => ts.isImportDeclaration(source.statements[index]!);
  const body = parts.filter((part, index) => !isImport(part, index)).join('');
  return `${parts.filter(isImport).join('')}\nexport async function main() {${body}\n}\n`;
}

const settings = [
  { name: 'ES modules', module: 'nodenext', moduleResolution: 'nodenext', extension: 'mts', convert: String },
  { name: 'CommonJS', module: 'node16', moduleResolution: 'node16', extension: 'cts', convert: inFunction },
  { name: 'a bundler', module: 'preserve', moduleResolution: 'bundler', extension: 'ts', convert: String },
] as const;

test('against the package as it is packed', async (t) => {
  const folder = temporaryFolder(t);
  const [packed, app] = [join(folder, 'packed'), join(folder, 'app')];
  const installed = join(app, 'node_modules', 'procpool-native');
  mkdirSync(packed);
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', packed], { cwd: root });
  unpack(join(packed, readdirSync(packed)[0]!), installed);
  symlinkSync(join(root, 'node_modules', '@types'), join(app, 'node_modules', '@types'));
  const programs = (await Promise.all(pages().map(codeBlocks))).flat().filter(isProgram);
  assert.ok(programs.length > 0);

  for (const { name, module, moduleResolution, extension, convert } of settings) {
    await t.test(`programs compile in strict TypeScript for ${name}`, () => {
      const files = programs.map(({ page, line, text }) => {
        const file = `${page.replace(/\W/g, '_')}_${line}.${extension}`;
        // A module of its own, whether or not it imports anything.
        writeFileSync(join(app, file), `${convert(text)}\nexport {};\n`);
        return file;
      });
      const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable'];
      const modules = ['--module', module, '--moduleResolution', moduleResolution];
      runTool('tsc', [...strict, '--types', 'node', ...modules, ...files], app);
    });
  }

  await t.test('pictures are in it', () => {
    for (const page of pages().filter((page) => existsSync(join(installed, page)))) {
      const sources = [...readFileSync(join(installed, page), 'utf8').matchAll(/src(?:set)?="([^"]+)"/g)];
      for (const [, source = ''] of sources) {
        assert.ok(existsSync(join(installed, dirname(page), source)), `${page}: ${source}`);
      }
    }
  });
});
