import { isatty } from 'node:tty';

/**
 * What the command does about signals. Loading this file takes them over at once, so that a SIGUSR1 does not open Node's
 * inspector; cli.ts loads it first. Until handleSignals() is called they keep their usual meaning otherwise.
 */
export interface SignalActions {
  /** SIGTERM, SIGINT, SIGQUIT; SIGHUP if the output is no file and stderr is a terminal. */
  stop(signal: NodeJS.Signals): void;
  /** SIGHUP if the output is a file; otherwise undefined. */
  reopen: (() => void) | undefined;
  /** SIGUSR1. */
  logStats(): void;
  /** SIGUSR2. */
  recycle(): void;
  /** SIGALRM; SIGHUP in all other cases. */
  ignore(signal: NodeJS.Signals): void;
}

const handled = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'] as const;
type Handled = (typeof handled)[number];

const stderr = 2;

/** As it was at the start: isatty() is false of a terminal that has hung up. */
const isTerminal = isatty(stderr);

let current: SignalActions | undefined;
let hungUp = false;

/**
 * Under nohup(1) standard error is no terminal. Whether SIGHUP was ignored cannot be asked: Node resets the signals when
 * it starts.
 */
function hangUp(actions: SignalActions): void {
  if (actions.reopen !== undefined) {
    actions.reopen();
  } else if (!isTerminal) {
    actions.ignore('SIGHUP');
  } else if (!hungUp) {
    // The shell and the kernel both send it: the second is no request to stop at once.
    hungUp = true;
    actions.stop('SIGHUP');
  }
}

function act(signal: Handled, actions: SignalActions): void {
  switch (signal) {
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGQUIT':
      actions.stop(signal);
      break;
    case 'SIGHUP':
      hangUp(actions);
      break;
    case 'SIGUSR1':
      actions.logStats();
      break;
    case 'SIGUSR2':
      actions.recycle();
      break;
    case 'SIGALRM':
      actions.ignore(signal);
      break;
  }
}

function onSignal(signal: NodeJS.Signals): void {
  if (current !== undefined) act(signal as Handled, current);
  else if (signal !== 'SIGUSR1' && signal !== 'SIGUSR2') {
    process.off(signal, onSignal);
    process.kill(process.pid, signal);
  }
}

for (const signal of handled) process.on(signal, onSignal);

/** Calls these actions from now on, until the process ends. */
export function handleSignals(actions: SignalActions): void {
  current = actions;
}
