import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const lib = join(__dirname, '..', '..', 'lib');

/** The files of lib/, each with those it imports; imports of types count. */
const imports = new Map(
  readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.m?ts$/.test(path) && !path.endsWith('.d.ts'))
    .map((path) => [path, importsOf(path, readFileSync(join(lib, path), 'utf8'))]),
);

function importsOf(path: string, source: string): string[] {
  return [...source.matchAll(/(?:from|import|import\()\s*'(\.[^']+)\.m?js'/g)].map(([, file = '']) =>
    join(path, '..', `${file}.ts`),
  );
}

/** The files of an import cycle, its first file again at its end; undefined if there is none. */
function findCycle(graph: Map<string, string[]>): string[] | undefined {
  const finished = new Set<string>();
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const imported of graph.get(file) ?? []) {
      const cycle = visit(imported, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

test('imports are found, and a cycle among them', () => {
  const source = "import './a.js';\nimport type { B } from './b.js';\nexport { c } from '../c.mjs';\nimport('./d.js');";
  assert.deepEqual(importsOf('x/y.ts', source), ['x/a.ts', 'x/b.ts', 'c.ts', 'x/d.ts']);
  const graph = new Map([
    ['a', ['b', 'c']],
    ['b', []],
    ['c', ['d', 'b']],
    ['d', ['c']],
  ]);
  assert.deepEqual(findCycle(graph), ['c', 'd', 'c']);
  assert.equal(findCycle(new Map([...graph, ['d', ['b']]])), undefined);
});

test('every import of lib/ is a file of lib/', () => {
  const missing = [...imports].flatMap(([file, imported]) =>
    imported.filter((path) => !imports.has(path)).map((path) => `${file}: ${path}`),
  );
  assert.ok(imports.size > 0);
  assert.deepEqual(missing, []);
});

test('no import cycle in lib/, not of types either', () => {
  assert.equal(findCycle(imports)?.join(' → '), undefined);
});
