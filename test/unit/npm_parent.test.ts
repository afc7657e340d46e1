import assert from 'node:assert/strict';
import { test } from 'node:test';

import { packageManagerAbove, type Process, type ReadProcess } from '../../lib/npm_parent.js';

/** A machine with these processes: the first is process 1, each the parent of the next. */
function line(...commands: string[]): { parent: number; read: ReadProcess } {
  const processes = commands.map((command, index): Process => {
    const [name = '', state = 'S'] = command.split(' ', 1)[0]!.split('=');
    return { pid: index + 1, name, state, parent: index, started: '1', command: command.replace(/=\w/, '') };
  });
  return { parent: processes.length, read: (pid) => processes[pid - 1] };
}

function above(...commands: string[]): string[] | 'gone' {
  const { parent, read } = line(...commands);
  const found = packageManagerAbove(parent, read);
  return found === 'gone' ? found : found.map(({ name }) => name);
}

test('the package manager is found behind shells, also as process 1', () => {
  assert.deepEqual(above('systemd', 'bash', 'npm start', 'sh -c x'), ['sh', 'npm']);
  assert.deepEqual(above('npm run start', 'sh -c x'), ['sh', 'npm']);
  assert.deepEqual(above('node /usr/bin/npx procpool-native'), ['node']);
  assert.deepEqual(above('tini -- npx x', 'node /usr/lib/npm-cli.js', 'sh', 'node x.js'), ['node', 'sh', 'node']);
});

test('a package manager that has ended is gone, whichever process adopts its children', () => {
  assert.equal(above('systemd'), 'gone');
  assert.equal(above('any-program-as-process-1'), 'gone');
  assert.equal(above('docker-init -- npx procpool-native'), 'gone');
  assert.equal(above('systemd', 'systemd --user', 'sh -c procpool-native'), 'gone');
});

test('a package manager that is a zombie is gone', () => {
  assert.equal(above('systemd', 'npm=Z', 'sh -c procpool-native'), 'gone');
});

test('behind another program, or in another PID namespace, no package manager is found', () => {
  assert.deepEqual(above('systemd', 'my-program'), []);
  assert.deepEqual(above(), []);
});
