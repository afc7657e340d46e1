import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');
export const tableFile = join(root, 'test', 'mutants.md');

/** A deliberate defect, and the test that notices it. */
export interface Mutant {
  id: string;
  /** The patch's file. */
  patch: string;
  /** What is wrong. */
  defect: string;
  /** The test's file, from the root; and a pattern of its name, or all of them. */
  test: string;
  name: string;
  /** What the patch changes. */
  files: string[];
}

const ending = '.patch';

export function mutants(): Mutant[] {
  return readdirSync(__dirname)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => {
      const patch = join(__dirname, file);
      const source = readFileSync(patch, 'utf8');
      const field = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(source)?.[1] ?? '';
      return {
        id: file.slice(0, -ending.length),
        patch,
        defect: field('Defect'),
        test: field('Test'),
        name: field('Name'),
        files: [...source.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, path]) => path!),
      };
    });
}

/** mutants.md as it has to be. */
export async function table(): Promise<string> {
  const { markdownTable } = await import('markdown-table');
  const rows = mutants().map(({ id, defect, files, test, name }) => [
    `\`${id}\``,
    files.map((path) => `\`${path}\``).join(', '),
    defect,
    `\`${test}\`${name === '' ? '' : `: ${name}`}`,
  ]);
  return `# Deliberate defects

Each is a patch in [mutants/](mutants/) that a test has to notice within a minute. \`npm run test:mutants\` applies them one
by one in a copy of the tree and runs that test; \`-- NAME …\` only those whose names begin so.

${markdownTable([['defect', 'in', 'what is wrong', 'noticed by'], ...rows], { alignDelimiters: false })}
`;
}
