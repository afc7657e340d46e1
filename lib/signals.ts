import { isatty } from 'node:tty';

/**
 * What the command does about signals. Loading this file takes them over at once, so that a SIGUSR1 does not open Node's
 * inspector; cli.ts loads it first. Until handleSignals() is called they keep their usual meaning otherwise.
 */
export interface SignalActions {
  /** SIGTERM, SIGINT, SIGQUIT; SIGHUP where there is no such file, and the terminal has hung up. */
  stop(signal: NodeJS.Signals): void;
  /** SIGHUP where the output is a file; undefined elsewhere. */
  reopen: (() => void) | undefined;
  /** SIGUSR1. */
  logStats(): void;
  /** SIGUSR2, SIGALRM; SIGHUP elsewhere. */
  ignore(signal: NodeJS.Signals): void;
}

const handled = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'] as const;
type Handled = (typeof handled)[number];

const stderr = 2;

/** Asked at the start: a terminal that has hung up is none any more. */
const onTerminal = isatty(stderr);

let actions: SignalActions | undefined;
let hungUp = false;

/**
 * Under nohup(1) standard error is no terminal. That SIGHUP was ignored cannot be seen: Node sets the signals back when it
 * starts.
 */
function hangUp(to: SignalActions): void {
  if (to.reopen !== undefined) {
    to.reopen();
  } else if (!onTerminal) {
    to.ignore('SIGHUP');
  } else if (!hungUp) {
    // The shell and the kernel both send one, which is no second wish to stop.
    hungUp = true;
    to.stop('SIGHUP');
  }
}

function act(signal: Handled, to: SignalActions): void {
  switch (signal) {
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGQUIT':
      to.stop(signal);
      break;
    case 'SIGHUP':
      hangUp(to);
      break;
    case 'SIGUSR1':
      to.logStats();
      break;
    case 'SIGALRM':
    case 'SIGUSR2':
      to.ignore(signal);
      break;
  }
}

function onSignal(signal: NodeJS.Signals): void {
  if (actions !== undefined) act(signal as Handled, actions);
  else if (signal !== 'SIGUSR1' && signal !== 'SIGUSR2') {
    process.off(signal, onSignal);
    process.kill(process.pid, signal);
  }
}

for (const signal of handled) process.on(signal, onSignal);

/** From now on, until the process ends. */
export function handleSignals(by: SignalActions): void {
  actions = by;
}
