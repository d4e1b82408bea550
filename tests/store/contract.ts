import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../../src/ports/store.ts";
import type { OpenedStore } from "../support/stores.ts";

/** One promise that every store keeps: its words, and a test on a store that is new and empty. */
export type Promised = readonly [promise: string, run: (store: Store) => Promise<void>];

/** Runs promises on one kind of store, each on a store of its own. */
export function storeContract(
  name: string,
  open: () => Promise<OpenedStore>,
  promises: readonly Promised[],
): void {
  for (const [promise, run] of promises) {
    void test(`${name}: ${promise}`, async () => {
      const opened = await open();
      try {
        await run(opened.store);
      } finally {
        await opened.close();
      }
    });
  }
}

/** Equal as data: drivers may make rows without a prototype. */
export function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(structuredClone(actual), expected);
}
