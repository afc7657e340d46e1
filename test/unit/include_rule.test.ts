import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const native = join(__dirname, '..', '..', 'native');

/** The folders or headers that each folder may include, besides its own. */
const allowed: Record<string, string[]> = {
  sys: [],
  event: ['sys'],
  ipc: ['sys'],
  worker: ['worker/connections', 'worker/handlers', 'worker/output', 'worker/takeover', 'sys', 'event', 'ipc'],
  'worker/handlers': ['worker/connections', 'worker/output', 'worker/http', 'sys', 'ipc'],
  'worker/connections': [
    'worker/event_kind.h',
    'worker/shutdown.h',
    'worker/takeover',
    'worker/worker_log.h',
    'sys',
    'event',
    'ipc',
  ],
  'worker/output': ['worker/takeover', 'worker/worker_log.h', 'sys', 'ipc'],
  'worker/takeover': ['sys'],
  'worker/http': [],
  supervisor: ['sys', 'event', 'ipc'],
  addon: ['sys', 'ipc'],
};

/** The one place where two folders meet that otherwise do not: the fork calls the worker's loop. */
const fork = { path: 'supervisor/spawn.cc', includes: 'worker' };

/** Functions of the C library that no wrapper in sys/ could say better, and the host alone uses. */
const libraryCalls = /^(posix_spawn\w*|(get|free)addrinfo|getnameinfo)$/;

interface Source {
  path: string;
  folder: string;
  /** Without comments and the contents of strings. */
  code: string;
  quoted: string[];
  angled: string[];
}

function codeOf(text: string): string {
  return text.replace(/\/\/.*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'/g, (match) =>
    match.startsWith('/') ? ' ' : '""',
  );
}

function includesOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, header = '']) => header);
}

const sources: Source[] = readdirSync(native, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(h|cc)$/.test(path))
  .map((path) => {
    const text = readFileSync(join(native, path), 'utf8');
    return {
      path,
      folder: dirname(path),
      code: codeOf(text),
      quoted: includesOf(text, /^\s*#\s*include\s+"([^"]+)"/gm),
      angled: includesOf(text, /^\s*#\s*include\s+<([^>]+)>/gm),
    };
  });

function violations(found: (source: Source) => string[]): string[] {
  return sources.flatMap((source) => found(source).map((violation) => `${source.path}: ${violation}`));
}

test('every source file is in a folder that has a rule', () => {
  assert.ok(sources.length > 0);
  assert.deepEqual(
    sources.filter(({ folder }) => !(folder in allowed)).map(({ path }) => path),
    [],
  );
});

test('quoted includes are paths from native/ to headers that exist', () => {
  const paths = new Set(sources.map(({ path }) => path));
  assert.deepEqual(
    violations(({ quoted }) => quoted.filter((header) => !paths.has(header))),
    [],
  );
});

test('a folder includes only what its rule allows: sys ← event, ipc ← worker, supervisor; addon → sys, ipc', () => {
  const mayInclude = ({ path, folder }: Source, header: string): boolean => {
    const other = dirname(header);
    const permitted = allowed[folder] ?? [];
    if (other === folder || permitted.includes(other) || permitted.includes(header)) return true;
    return path === fork.path && other === fork.includes;
  };
  assert.deepEqual(
    violations((source) => source.quoted.filter((header) => !mayInclude(source, header))),
    [],
  );
});

test('supervisor and worker meet only where the fork calls the worker’s loop', () => {
  const meeting = sources.filter(
    ({ folder, quoted }) => folder === 'supervisor' && quoted.some((header) => dirname(header) === 'worker'),
  );
  assert.deepEqual(
    meeting.map(({ path }) => path),
    [fork.path],
  );
});

test('only the addon includes headers of Node', () => {
  const ofNode = /^(napi|node_api|node|uv|v8)(\.h|\/|-)/;
  assert.deepEqual(
    violations(({ folder, angled }) => (folder === 'addon' ? [] : angled.filter((header) => ofNode.test(header)))),
    [],
  );
});

/** Names called at global scope: `::read(`, but neither `sys::read(` nor `T<U>::read(`. */
function globalCalls({ code }: Source): string[] {
  return [...code.matchAll(/(?<![\w>])::(\w+)\(/g)].map(([, name = '']) => name);
}

const wrappers = sources.filter(({ folder }) => folder === 'sys');
const systemCalls = [...new Set(wrappers.flatMap(globalCalls))];

/** Names of functions that the project defines: what follows a type at the start of a line. */
const definedNames = new Set(
  sources
    .filter(({ folder }) => folder !== 'sys')
    .flatMap(({ code }) => [...code.matchAll(/^ *[\w [\]:<>&*]*(?<!return) (\w+)\(/gm)].map(([, name = '']) => name)),
);

/** System calls without a scope, except names that the project defines. */
function plainCalls({ folder, code }: Source): string[] {
  if (folder === 'sys') return [];
  const names = systemCalls.filter((name) => !definedNames.has(name));
  return names.filter((name) => new RegExp(`(?<![\\w.>:])${name}\\(`).test(code));
}

test('only sys/ makes raw system calls', () => {
  assert.ok(systemCalls.includes('splice'));
  assert.deepEqual(
    violations((source) =>
      wrappers.includes(source)
        ? []
        : [...globalCalls(source).filter((name) => !libraryCalls.test(name)), ...plainCalls(source)],
    ),
    [],
  );
});
