import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { pack, runTool, unpack } from './packed.js';

const consumers = ['consumer.ts', 'consumer.mts'];
const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable', '--types', 'node'];

test('the types serve', async (t) => {
  const folder = temporaryFolder(t);
  const packed = join(folder, 'packed');
  const app = join(folder, 'app');
  mkdirSync(packed);
  unpack(pack(packed), join(app, 'node_modules', 'procpool-native'));
  symlinkSync(join(root, 'node_modules', '@types'), join(app, 'node_modules', '@types'));
  for (const name of consumers) cpSync(join(root, 'test', 'types', name), join(app, name));

  for (const [moduleResolution, module] of [
    ['node16', 'node16'],
    ['bundler', 'preserve'],
  ] as const) {
    await t.test(`CommonJS and ES modules under ${moduleResolution}`, () => {
      runTool('tsc', [...strict, '--module', module, '--moduleResolution', moduleResolution, ...consumers], app);
    });
  }
});
