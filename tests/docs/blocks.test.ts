import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { blocksOf, patternOf, runPage } from "./page-runner.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = ["README.md", ...globSync("docs/{tutorial,how-to}/*.md", { cwd: root }).toSorted()];

describe("what the pages tell people to type works, and prints what they say", { concurrency: 3 }, () => {
  for (const page of pages) {
    test(page, { timeout: 120_000 }, () => runPage(page));
  }
});

test("… stands for anything in a line, and alone for any lines, and everything else must be there", () => {
  assert.match("call_1  due\na\nb\ndone in 3 ms\n", patternOf("call_…  due\n…\ndone in … ms"));
  assert.doesNotMatch("call_1  due\nfailed\n", patternOf("call_…  due\n…\ndone in … ms"));
  assert.doesNotMatch("a\nb\n", patternOf("a"));
});

test("a block of output belongs to the block of commands right before it", () => {
  const page = "```sh\na\n```\n\n```text\nA\n```\n\n```sh\nb\n```\n\nWords.\n\n```text\nB\n```\n";
  assert.deepEqual(
    blocksOf(page).map(({ script, prints }) => [script, prints]),
    [
      ["a", "A"],
      ["b", null],
    ],
  );
});
