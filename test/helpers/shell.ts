import { basename } from 'node:path';

import { parse } from 'shell-quote';

/** The simple commands of a shell script, each as its words; redirections and comments are left out. */
export function commandsOf(script: string): string[][] {
  const commands: string[][] = [];
  for (const line of script.replaceAll('\\\n', ' ').split('\n')) {
    let command: string[] = [];
    let isTarget = false;
    for (const token of parse(line, (name) => `$${name}`)) {
      if (typeof token === 'string') {
        if (!isTarget) command.push(token);
        isTarget = false;
      } else if ('pattern' in token) {
        command.push(token.pattern);
      } else if ('op' in token) {
        isTarget = /[<>]/.test(token.op);
        if (!isTarget) {
          commands.push(command);
          command = [];
        }
      }
    }
    commands.push(command);
  }
  return commands.filter((command) => command.length > 0);
}

/** The arguments of each run of procpool-native in a shell script, also by npx or `npm start`. */
export function procpoolArguments(script: string): string[][] {
  return commandsOf(script).flatMap((words) => {
    if (words[0] === 'npm' && words[1] === 'start') {
      return [words.includes('--') ? words.slice(words.indexOf('--') + 1) : []];
    }
    const program = words.findIndex((word) => basename(word) === 'procpool-native');
    return program === 0 || (program > 0 && words[0] === 'npx') ? [words.slice(program + 1)] : [];
  });
}
