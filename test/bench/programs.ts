import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A program that somebody else wrote, and the Debian package that has it. */
export interface Program {
  name: string;
  package: string;
}

/** The path of a program of native/. */
export const built = (program: string): string => join(__dirname, 'build', 'Release', program);

function isHere({ name }: Program): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** Each once. */
function distinct(programs: Program[]): Program[] {
  return [...new Map(programs.map((program) => [program.name, program])).values()];
}

/** Those that are not on this machine, each once. */
export function missing(programs: Program[]): Program[] {
  return distinct(programs).filter((program) => !isHere(program));
}

/** The versions of those that are, as Debian numbers them. */
export function versions(programs: Program[]): Record<string, string> {
  const version = (program: Program): string =>
    spawnSync('dpkg-query', ['-W', '-f', '${Version}', program.package], { encoding: 'utf8' }).stdout || 'unknown';
  return Object.fromEntries(
    distinct(programs)
      .filter(isHere)
      .map((program) => [program.name, version(program)]),
  );
}

/** What a program prints, with a descriptor for its stdin if it needs one; it has to succeed. */
export async function printed(program: string, args: string[], stdin: number | 'ignore' = 'ignore'): Promise<string> {
  const child = spawn(program, args, { stdio: [stdin, 'pipe', 'pipe'] });
  const exited = once(child, 'close') as Promise<[number | null]>;
  const [output, complaint, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), exited]);
  if (code !== 0) throw new Error(complaint.trim() || `${program} failed`);
  return output;
}
