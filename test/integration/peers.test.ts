import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';

import { startCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { test } from '../helpers/test.js';
import { once, text } from '../helpers/within.js';

/** curl's exit status where the connection ends without a reply. */
const emptyReply = 52;

const line = 'what the peer sends\n';

/** A peer's command line, which sends its standard input. */
type Peer = (port: number, path: string) => string[];

const peers: Record<string, Peer> = {
  nc: (port) => ['nc', '-q', '0', '127.0.0.1', String(port)],
  socat: (port) => ['socat', '-u', 'STDIN', `TCP:127.0.0.1:${port}`],
  'socat on a Unix socket': (_, path) => ['socat', '-u', 'STDIN', `UNIX-CONNECT:${path}`],
  ncat: (port) => ['ncat', '--send-only', '127.0.0.1', String(port)],
  logger: (port) => ['logger', '--tcp', '--server', '127.0.0.1', '--port', String(port), '--octet-count'],
  curl: (port) => ['curl', '--silent', '--data-binary', '@-', `http://127.0.0.1:${port}/`],
};

for (const [name, command] of Object.entries(peers)) {
  const [program = ''] = command(0, '');
  const skip = spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0 && `needs ${program}(1)`;

  test(`${name} is served`, { skip }, async (t) => {
    const path = `${temporaryFolder(t)}/socket`;
    const args = ['--log-level', 'debug', '--stats-interval', '10ms'];
    const pool = name.includes('Unix') ? await startCli(t, args, { path }) : await startCli(t, args);
    const received = text(pool.stdout);
    const [file = '', ...rest] = command(pool.tcp, path);
    const peer = spawn(file, rest, { stdio: ['pipe', 'ignore', 'ignore'] });
    const exited = once(peer, 'exit');
    peer.stdin.end(line);
    // All but curl, which waits for a reply, end by themselves; what it has sent by then is delivered at the stop.
    if (program === 'curl') await pool.logged('stats', ({ message }) => !message.includes('bytes in 0,'));
    else await pool.logged('close');
    await pool.stopInOrder();
    assert.ok((await received).includes(line.trim()));
    assert.deepEqual(await exited, [program === 'curl' ? emptyReply : 0, null]);
  });
}
