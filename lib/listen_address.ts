import { lookup } from 'node:dns/promises';
import { lstatSync } from 'node:fs';
import { isIP } from 'node:net';

import { ProcpoolError, withOption } from './errors.js';
import type { FilledOptions } from './option_table.js';

/** The numeric address that the option `host` names; empty for all addresses. Rejects with a system error. */
export async function resolveHost(host: string | undefined): Promise<string> {
  if (host === undefined || isIP(host) !== 0) return host ?? '';
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw withOption(error, 'host', host);
  }
}

/** The error of a failed listen(2), with the option that led to it. */
export function listenError(error: NodeJS.ErrnoException, { path, host, port }: FilledOptions): unknown {
  if (path !== undefined) return pathError(error, path);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EINVAL') return withOption(error, 'host', host);
  const hint =
    error.code === 'EACCES' && port < 1024
      ? ': ports below 1024 need CAP_NET_BIND_SERVICE, or a lower net.ipv4.ip_unprivileged_port_start'
      : '';
  return withOption(error, 'port', port, hint);
}

/** The kernel says of a path at which something other than a socket lies that the address is in use. */
function pathError(error: NodeJS.ErrnoException, path: string): unknown {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (error.code !== 'EADDRINUSE' || status === undefined || status.isSocket()) return withOption(error, 'path', path);
  const kind = status.isDirectory() ? 'a directory' : status.isFile() ? 'a file' : 'something else';
  const message = `option "path" must be a free path or that of a Unix socket, and ${JSON.stringify(path)} is ${kind}`;
  return new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option: 'path', value: path, cause: error });
}
