import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  BODY_MAX,
  SUBJECT_MAX,
  VALUE_MAX,
  VARIABLES_MAX,
  type Variables,
  cleanLine,
  cleanText,
  fillMessage,
  readMessageTemplate,
} from "../../src/domain/message-template.ts";

type Source = { readonly subject?: string | null; readonly body: string };

describe("a template", () => {
  const good: readonly [string, Source, readonly string[]][] = [
    ["without variables", { body: "Words." }, []],
    ["with one", { body: "Hello {{name}}." }, ["name"]],
    ["with blanks in the braces", { body: "Hello {{  name }}." }, ["name"]],
    ["with one twice", { subject: "{{name}}", body: "{{name}} {{time}}" }, ["name", "time"]],
    ["with single braces", { body: "{not} a } variable { at all" }, []],
    ["with nothing but a variable", { body: "{{text}}" }, ["text"]],
    ["with digits and underscores", { body: "{{client_2}} {{_x}}" }, ["client_2", "_x"]],
    ["of the greatest length", { subject: "s".repeat(SUBJECT_MAX), body: "b".repeat(BODY_MAX) }, []],
  ];
  for (const [what, source, variables] of good) {
    test(`is read ${what}`, () => {
      const read = readMessageTemplate(source);
      assert.ok(read.ok, JSON.stringify(read));
      assert.deepEqual(read.template.variables, variables);
    });
  }

  const many = Array.from({ length: VARIABLES_MAX + 1 }, (_none, index) => `{{v${index}}}`).join("");
  const wrong: readonly [string, Source, string, (readonly string[])?][] = [
    ["an empty body", { body: "  " }, "/body"],
    ["an empty subject", { subject: "", body: "x" }, "/subject"],
    ["a placeholder without a name", { body: "Hello {{}}." }, "/body"],
    ["a name with a blank", { body: "{{client name}}" }, "/body"],
    ["a name with a dot", { body: "{{client.name}}" }, "/body"],
    ["a name that starts with a digit", { body: "{{1st}}" }, "/body"],
    ["one that is not closed", { body: "Hello {{name" }, "/body"],
    ["one that is not opened", { body: "Hello name}}" }, "/body"],
    ["one that is closed by one brace", { body: "Hello {{name}." }, "/body"],
    ["braces within braces", { body: "{{{name}}}" }, "/body"],
    ["a subject that is too long", { subject: "s".repeat(SUBJECT_MAX + 1), body: "x" }, "/subject"],
    ["a body that is too long", { body: "b".repeat(BODY_MAX + 1) }, "/body"],
    ["too many variables", { body: many }, "/body"],
    ["one that is not declared", { body: "{{nmae}}" }, "/variables", ["name"]],
    ["one that is declared and not used", { body: "{{name}}" }, "/variables/1", ["name", "time"]],
    ["one that is declared where none is used", { body: "Words." }, "/variables/0", ["name"]],
  ];
  for (const [what, source, pointer, declared] of wrong) {
    test(`is refused with ${what}`, () => {
      const read = readMessageTemplate(source, declared);
      assert.ok(!read.ok);
      assert.equal(read.pointer, pointer);
      assert.notEqual(read.detail, "");
    });
  }
});

describe("filling a template", () => {
  const fill = (source: Source, values: Variables) => {
    const read = readMessageTemplate(source);
    assert.ok(read.ok);
    return fillMessage(read.template, values);
  };
  const hello = { subject: "For {{name}}", body: "Hello {{name}}!" };

  const good: readonly [string, string | number, string, string][] = [
    ["words", "Ann", "For Ann", "Hello Ann!"],
    ["a number", 7, "For 7", "Hello 7!"],
    ["nothing", "", "For ", "Hello !"],
    ["HTML, which stays what it is", "<b>Ann</b> & co", "For <b>Ann</b> & co", "Hello <b>Ann</b> & co!"],
    ["a placeholder, which is not read", "{{name}}", "For {{name}}", "Hello {{name}}!"],
    ["what a replacement would read", "$& $1 $$", "For $& $1 $$", "Hello $& $1 $$!"],
    ["line ends, which a header must not have", "A\r\nBcc: b", "For A Bcc: b", "Hello A\nBcc: b!"],
    ["control characters", "A\u0000\u001b[31m\u0007B\u009b", "For A[31mB", "Hello A[31mB!"],
    ["what turns the direction of writing", "A\u202ecod.exe\u2066", "For Acod.exe", "Hello Acod.exe!"],
    ["a line separator", "A\u2028B", "For A B", "Hello A\u2028B!"],
    ["other scripts and joined signs", "Łukasz 👩‍👩‍👧 مرحبا", "For Łukasz 👩‍👩‍👧 مرحبا", "Hello Łukasz 👩‍👩‍👧 مرحبا!"],
    ["__proto__ as words", "__proto__", "For __proto__", "Hello __proto__!"],
  ];
  for (const [what, value, subject, body] of good) {
    test(`with ${what}`, () => {
      assert.deepEqual(fill(hello, { name: value }), { ok: true, subject, body });
    });
  }

  const wrong: readonly [string, Variables, string][] = [
    ["a missing value", {}, "/variables/name"],
    ["a value of nobody", { name: "Ann", nmae: "Ann" }, "/variables/nmae"],
    ["a value whose name needs escaping", { name: "Ann", "a/b~c": "" }, "/variables/a~1b~0c"],
    ["a value that is too long", { name: "x".repeat(VALUE_MAX + 1) }, "/variables/name"],
  ];
  for (const [what, values, pointer] of wrong) {
    test(`is refused with ${what}`, () => {
      const filled = fill(hello, values);
      assert.ok(!filled.ok);
      assert.equal(filled.pointer, pointer);
    });
  }

  test("takes no value from what every object inherits", () => {
    const filled = fill({ body: "{{toString}} {{constructor}}" }, {});
    assert.ok(!filled.ok);
    assert.equal(filled.pointer, "/variables/toString");
  });
});

test("words keep their line ends in one form, and tabs", () => {
  assert.equal(cleanText("a\r\nb\rc\n\td"), "a\nb\nc\n\td");
  assert.equal(cleanLine("a\r\n\tb\u2029c"), "a b c");
});
