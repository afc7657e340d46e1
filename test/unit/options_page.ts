/**
 * docs/options.md follows from lib/option_table.ts; written anew by
 *
 *     node --import tsx test/unit/options_page.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import { helpText } from '../../lib/arguments.js';

const root = join(__dirname, '..', '..');
export const pageFile = join(root, 'docs', 'options.md');

/** An option as its type documents it. */
export interface DocumentedOption {
  name: string;
  text: string;
  default: string;
}

/** The text of a comment or a tag, on one line. */
function textOf(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  return (ts.getTextOfJSDocComment(comment) ?? '').replace(/\s+/g, ' ');
}

/** The properties of `ProcessPoolOptions`, in their order. */
export function documentedOptions(): DocumentedOption[] {
  const file = join(root, 'lib', 'option_table.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const type = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'ProcessPoolOptions',
  ) as ts.InterfaceDeclaration;
  return type.members.map((member) => {
    const comment = ts.getJSDocCommentsAndTags(member).find(ts.isJSDoc);
    const tag = comment?.tags?.find(({ tagName }) => tagName.text === 'default');
    return { name: member.name!.getText(source), text: textOf(comment?.comment), default: textOf(tag?.comment) };
  });
}

/** The page with its table and its help as they have to be. */
export async function optionsPage(page: string): Promise<string> {
  const { markdownTable } = await import('markdown-table');
  const rows = documentedOptions().map((option) => [
    `\`${option.name}\``,
    option.default.replace(/'\w+'/, '`$&`'),
    option.text,
  ]);
  const table = markdownTable([['option', 'default', ''], ...rows], { alignDelimiters: false });
  return page
    .replace(/^\| option [^]*?(?=\n\n)/m, () => table)
    .replace(/(?<=^\$ npx procpool-native --help\n)[^]*?(?=^```$)/m, () => helpText());
}

if (require.main === module) {
  void optionsPage(readFileSync(pageFile, 'utf8')).then((page) => {
    writeFileSync(pageFile, page);
  });
}
