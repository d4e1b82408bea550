import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Refusal } from "../../src/domain/refusal.ts";
import { canonicalJson, parseJson } from "../../src/server/json.ts";

function refusal(text: string | Buffer): Refusal {
  try {
    parseJson(Buffer.from(text));
  } catch (error) {
    assert(error instanceof Refusal);
    return error;
  }
  assert.fail("it was taken");
}

test("every JSON value that holds no trap is read as JSON.parse reads it", () => {
  const value = fc.jsonValue({ maxDepth: 6, noUnicodeString: false, depthSize: "small" });
  fc.assert(
    fc.property(value, (json) => {
      const text = JSON.stringify(json);
      const trap = /__proto__|\\u0000|\\ud[89a-f]/.test(text) || /\d{16}|e\+/.test(text);
      fc.pre(!trap);
      assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text));
    }),
  );
});

test("a key that comes twice is refused, also when it is spelled differently", () => {
  for (const text of ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"x":[{"b":":","b":2}]}'])
    assert.match(refusal(text).message, /same key twice/);
});

test("colons and quotes inside texts are no members", () => {
  assert.deepEqual(parseJson(Buffer.from('{"a":"x:\\":\\\\","b":":"}')), { a: 'x:":\\', b: ":" });
});

test("more than 32 levels are refused before anything recurses", () => {
  assert.deepEqual(
    parseJson(Buffer.from("[".repeat(32) + "]".repeat(32))),
    JSON.parse("[".repeat(32) + "]".repeat(32)),
  );
  assert.match(refusal("[".repeat(33) + "]".repeat(33)).message, /deeper than 32/);
  assert.match(refusal("[".repeat(200_000)).message, /deeper than 32/);
});

test("what JSON.parse would change silently is refused", () => {
  assert.match(refusal("[9007199254740993]").message, /too large to be kept exactly/);
  assert.match(refusal('{"a":1e400}').message, /too large/);
  assert.match(refusal('{"__proto__":{}}').message, /__proto__/);
  assert.match(refusal(Buffer.from([0x22, 0xff, 0x22])).message, /UTF-8/);
  assert.equal(refusal('{"a":"\\u0000"}').faults[0]?.pointer, "/a");
  assert.equal(refusal('{"a/b":["\\ud800"]}').faults[0]?.pointer, "/a~1b/0");
});

test("an object of more than 1,000 keys is refused", () => {
  const keys = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [i, i])));
  assert.doesNotThrow(() => parseJson(Buffer.from(keys(1000))));
  assert.match(refusal(keys(1001)).message, /more than 1000 keys/);
});

test("the canonical form does not depend on the order of keys", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
      const reversed = Object.fromEntries(Object.entries(record).toReversed());
      assert.equal(canonicalJson(reversed), canonicalJson(record));
    }),
  );
});
