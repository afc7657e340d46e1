import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../helpers/cli.js';
import type { Contender, Sample } from './comparing.js';
import { built } from './programs.js';

/** A contender that listens on a port of 127.0.0.1 and writes what comes there to stdout. */
export interface System extends Omit<Contender, 'measure'> {
  /** `folder` is the run's own, for files that it needs. */
  command(port: number, folder: string): string[];
  /** Processes that hold its connections. @default 1 */
  holders?: number;
  /** The same, of another checkout. Ours only. */
  of?: (checkout: string) => System;
}

/** Contenders that are measured in that way. */
export function against(systems: System[], measure: (system: System) => Promise<Sample>): Contender[] {
  return systems.map(({ of, ...system }) => ({
    ...system,
    measure: () => measure(system),
    ...(of && { earlier: (checkout) => ({ ...system, kind: 'peer', measure: () => measure(of(checkout)) }) }),
  }));
}

/** As users get it: nothing is set but where it listens, and how many workers the peers have too. */
const pool = (checkout: string, args: string[]): System => {
  const command = [process.execPath, join(checkout, 'dist', 'cli.js'), '--host', '127.0.0.1', '--workers', '2'];
  return {
    name: 'procpool-native',
    kind: 'ours',
    command: (port) => [...command, '--port', String(port), ...args],
    holders: 2,
    of: (other) => pool(other, args),
  };
};
const ours = (...args: string[]): System => pool(root, args);

const nodePeer = (name: string, script: string, ...args: string[]): System => ({
  name,
  kind: 'peer',
  command: (port) => [process.execPath, join(__dirname, 'peers', script), String(port), ...args],
});

const baseline = (program: string, name: string): System => ({
  name,
  kind: 'baseline',
  command: (port) => [built(program), `port=${port}`],
});

export const sink = ours('--log-level', 'warn');
export const sinkWithoutPauses: System = {
  ...ours('--log-level', 'warn', '--batch-delay', '0'),
  name: 'procpool-native --batch-delay 0',
};
export const http = ours('--log-level', 'warn', '--handler', 'http');

export const socat: System = {
  name: 'socat',
  kind: 'peer',
  command: (port) => ['socat', '-u', `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,backlog=1024`, '-'],
  needs: [{ name: 'socat', package: 'socat' }],
};

export const ncat: System = {
  name: 'ncat',
  kind: 'peer',
  command: (port) => ['ncat', '-l', '-k', '--recv-only', '-m', '1000', '127.0.0.1', String(port)],
  needs: [{ name: 'ncat', package: 'ncat' }],
};

export const nodeNet = nodePeer('Node net', 'net.cjs');
export const nodeCluster: System = { ...nodePeer('node:cluster', 'cluster.cjs', 'rr'), holders: 2 };
export const nodeClusterNone: System = { ...nodePeer('node:cluster, SCHED_NONE', 'cluster.cjs', 'none'), holders: 2 };
export const nodeHttp = nodePeer('Node http', 'http.cjs');

/** Throws the bodies away. */
export const nginx: System = {
  name: 'nginx, return 204',
  kind: 'peer',
  command: (port, folder) => {
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off; worker_processes 2; pid ${folder}/nginx.pid; error_log /dev/null;
      events { worker_connections 1024; }
      http {
        access_log off; keepalive_requests 1000000000; client_body_temp_path ${folder};
        server { listen 127.0.0.1:${port}; location / { return 204; } }
      }`,
    );
    return ['nginx', '-p', folder, '-e', '/dev/null', '-c', file];
  },
  needs: [{ name: 'nginx', package: 'nginx-light' }],
};

export const spliceLoop = baseline('baseline_splice', 'splice loop');
export const copyLoop = baseline('baseline_copy', 'read and write loop');
export const acceptLoop = baseline('baseline_accept', 'SO_REUSEPORT accept loop');
