import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Nodes } from 'mdast';

import { root } from './cli.js';

/** A fenced or indented block of code. */
export interface CodeBlock {
  page: string;
  line: number;
  /** Empty where the page does not say. */
  language: string;
  text: string;
  /** The block before it on the page. */
  previous: CodeBlock | undefined;
}

/** Every Markdown page of the repository, relative to its root. */
export function pages(): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'));
  const nested = ['docs', 'native', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  return [...top, ...nested];
}

/** The code blocks of a page, in order. */
export async function codeBlocks(page: string): Promise<CodeBlock[]> {
  const { fromMarkdown } = await import('mdast-util-from-markdown');
  const blocks: CodeBlock[] = [];
  const visit = (node: Nodes): void => {
    if (node.type === 'code') {
      const line = node.position?.start.line ?? 0;
      blocks.push({ page, line, language: node.lang ?? '', text: `${node.value}\n`, previous: blocks.at(-1) });
    }
    if ('children' in node) node.children.forEach(visit);
  };
  visit(fromMarkdown(readFileSync(join(root, page))));
  return blocks;
}
