import { test as nodeTest, type TestContext } from 'node:test';

/** The last net, longer than anything that a test waits for. In ms. */
const timeout = 300_000;

interface TestSetup {
  skip?: boolean | string;
  timeout?: number;
}

type Body = (t: TestContext) => void | Promise<void>;

/** node:test's, with a time limit: a test that hangs fails and is cleaned up after, and the next ones run. */
export function test(name: string, body: Body): void;
export function test(name: string, setup: TestSetup, body: Body): void;
export function test(name: string, ...rest: [Body] | [TestSetup, Body]): void {
  const [setup, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  void nodeTest(name, { timeout, ...setup }, body);
}
