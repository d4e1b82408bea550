import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { mutations } from "./mutations.ts";

test("every mistake that the simulation must find can still be made: its text stands once in its file", () => {
  for (const { name, patches } of mutations) {
    for (const { file, from } of patches) {
      const parts = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").split(from);
      assert.equal(parts.length, 2, `${name}: ${file}`);
    }
  }
});
