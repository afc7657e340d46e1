import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { handlers, type Option, optionTable } from '../../lib/option_table.js';
import { fillOptions, nativeOptions } from '../../lib/options.js';
import { documentedOptions, optionsPage, pageFile } from './options_page.js';

const addon = join(__dirname, '..', '..', 'native', 'addon');
const table = Object.entries<Option<unknown>>(optionTable);

test('docs/options.md follows from the table: node --import tsx test/unit/options_page.ts', async () => {
  const page = readFileSync(pageFile, 'utf8');
  assert.equal(page, await optionsPage(page));
});

/** A default in the words of a doc comment. */
function defaultText({ default: value, defaultText, handlerDefaults = {}, ...option }: Option<unknown>): string {
  if (defaultText !== undefined) return defaultText;
  if (value === undefined) return 'none';
  const ofHandlers = handlers
    .filter((handler) => handler in handlerDefaults && option.handlers?.includes(handler) !== false)
    .map((handler) => `${inspect(handlerDefaults[handler])} with \`${handler}\``);
  return [inspect(value), ...(ofHandlers.length > 0 ? [ofHandlers.join(', ')] : [])].join('; ');
}

test('every option is documented with the default that it has, in the order of the help', () => {
  const documented = documentedOptions();
  assert.deepEqual(
    documented.map((option) => [option.name, option.default]),
    table.map(([name, option]) => [name, defaultText(option)]),
  );
  for (const { name, text } of documented) assert.match(text, /\w.*\.$/, `${name} has no sentence`);
});

test('every default is a value that the option takes', () => {
  for (const [name, { kind, default: value, handlerDefaults }] of table) {
    for (const each of [value, ...Object.values(handlerDefaults ?? {})]) {
      assert.ok(each === undefined || kind.accepts(each), `${name}: ${inspect(each)}`);
    }
  }
});

test('the addon reads every option that it gets, and no other', () => {
  const sources = readdirSync(addon).map((file) => readFileSync(join(addon, file), 'utf8'));
  const read = sources.flatMap((source) => [...source.matchAll(/\b[oO]ptions(?:\.Get\(|, )"(\w+)"/g)]);
  const given = { ...nativeOptions(fillOptions({})), output: 0, executable: '' };
  assert.deepEqual([...new Set(read.map(([, name]) => name))].toSorted(), Object.keys(given).toSorted());
});

test('the addon gets numbers, texts, the index of a choice, and microseconds of a short duration', () => {
  const options = fillOptions({ handler: 'http', batchDelay: 0.25, maxBody: 7, corsOrigin: '*', path: '/s' });
  const { handler, batchDelay, maxBody, corsOrigin, path, host, contentEncoding } = nativeOptions(options);
  assert.deepEqual(
    { handler, batchDelay, maxBody, corsOrigin, path, host, contentEncoding },
    { handler: 2, batchDelay: 250, maxBody: 7, corsOrigin: '*', path: '/s', host: '', contentEncoding: 0 },
  );
});
