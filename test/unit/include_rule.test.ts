import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const native = join(__dirname, '..', '..', 'native');

/** Whose headers each folder may include, besides its own; or which. */
const allowed: Record<string, string[]> = {
  sys: [],
  event: ['sys'],
  ipc: ['sys'],
  worker: ['worker/connections', 'worker/handlers', 'worker/output', 'sys', 'event', 'ipc'],
  'worker/handlers': ['worker/connections', 'worker/output', 'worker/http', 'sys', 'ipc'],
  'worker/connections': ['worker/event_kind.h', 'worker/shutdown.h', 'worker/worker_log.h', 'sys', 'event', 'ipc'],
  'worker/output': ['worker/worker_log.h', 'sys', 'ipc'],
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
  return sources.flatMap((source) => found(source).map((what) => `${source.path}: ${what}`));
}

test('every source file lies in a folder that has its rule', () => {
  assert.ok(sources.length > 0);
  assert.deepEqual(
    sources.filter(({ folder }) => !(folder in allowed)).map(({ path }) => path),
    [],
  );
});

test('headers of our own are named from native/ on, and are there', () => {
  const paths = new Set(sources.map(({ path }) => path));
  assert.deepEqual(
    violations(({ quoted }) => quoted.filter((header) => !paths.has(header))),
    [],
  );
});

test('a folder includes only those that it may know: sys ← event, ipc ← worker, supervisor; addon → sys, ipc', () => {
  const mayInclude = ({ path, folder }: Source, header: string): boolean => {
    const other = dirname(header);
    const mine = allowed[folder] ?? [];
    if (other === folder || mine.includes(other) || mine.includes(header)) return true;
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

test('only the addon knows Node', () => {
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

/** Names of methods and functions of our own: what follows a type at the start of a line. */
const ownNames = new Set(
  sources
    .filter(({ folder }) => folder !== 'sys')
    .flatMap(({ code }) => [...code.matchAll(/^ *[\w [\]:<>&*]*(?<!return) (\w+)\(/gm)].map(([, name = '']) => name)),
);

/** System calls without any scope, as far as they cannot be calls of our own. */
function plainCalls({ folder, code }: Source): string[] {
  if (folder === 'sys') return [];
  const names = systemCalls.filter((name) => !ownNames.has(name));
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
