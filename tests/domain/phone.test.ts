import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parsePhone, phoneWarnings, redactPhone, zonesOfPhone } from "../../src/domain/phone.ts";
import { prefixZones } from "../../src/domain/prefix-zones.ts";
import { loadPhoneMetadata } from "../../src/system/phone-metadata.ts";
import { loadZones } from "../../src/system/zones.ts";
import { seedOf } from "./seed.ts";

test("E.164 numbers are taken as they are, also fictional and implausible ones", () => {
  for (const e164 of ["+12125550100", "+1234567890", "+919876543210", "+1234567", "+123456789012345"]) {
    assert.deepEqual(parsePhone(e164), { ok: true, e164 });
  }
});

test("a number with punctuation is refused, with its cleaned form as a hint", () => {
  const texts = [
    "+1 212 555 0100",
    "+1-212-555-0100",
    "+1.212.555.0100",
    "+1 (212) 555-0100",
    "tel:+12125550100",
    "+1\u00a0212\u2011555\u20110100",
    "0012125550100",
    " +12125550100",
    "+12125550100\n",
  ];
  for (const text of texts) assert.match(hintOf(text), /\+12125550100$/, text);
});

test("digits of other scripts are refused, not folded", () => {
  for (const text of ["+1212555010\u0660", "\uff0b12125550100", "+\u0967\u0968125550100"]) {
    assert.match(detailOf(text), /other than the digits 0-9/, text);
  }
});

test("what a spreadsheet makes of a number is told apart", () => {
  for (const text of ["9.19877E+11", "9,19877E+11", "9.2e11", "1E+10"])
    assert.match(hintOf(text), /Excel/, text);
});

test("every other text has its own reason", () => {
  assert.match(detailOf("2125550100"), /no country code/);
  assert.match(detailOf("+0123456789"), /starts with 0/);
  assert.match(detailOf("+123456"), /6 digits/);
  assert.match(detailOf("+1234567890123456"), /16 digits/);
  assert.match(detailOf("+12125550100x12"), /letters/);
  assert.match(detailOf(""), /empty/);
  assert.match(detailOf("+1".padEnd(1000, "1")), /too long/);
  assert.match(detailOf(12125550100), /a number, not a text/);
  for (const value of [undefined, null, {}, []]) assert.match(detailOf(value), /not a text/);
});

test("only texts of the strict form are taken, and no value makes the parser throw", (context) => {
  const near = fc.string({ unit: fc.constantFrom(...Array.from("+0123456789 -.()eE")) });
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: "binary" }), fc.anything()), (value) => {
      const result = parsePhone(value);
      assert.equal(result.ok, typeof value === "string" && /^\+[1-9][0-9]{6,14}$/.test(value));
    }),
    { seed: seedOf(context), numRuns: 5000 },
  );
});

test("implausible, fictional and costly numbers are warned of, and only warned of", async () => {
  const metadata = await loadPhoneMetadata();
  assert.match(phoneWarnings("+1234567890", metadata)[0] ?? "", /length/);
  assert.match(phoneWarnings("+12125550123", metadata)[0] ?? "", /films and tests/);
  assert.match(phoneWarnings("+19002345678", metadata)[0] ?? "", /premium-rate/);
  assert.match(phoneWarnings("+10005550100", metadata)[0] ?? "", /given out/);
  assert.deepEqual(phoneWarnings("+12124567890", metadata), []);
  assert.deepEqual(phoneWarnings("+919876543210", metadata), []);
});

test("a redacted number keeps its start and its last two digits at most", () => {
  assert.equal(redactPhone("+12125550100"), "+1212*****00");
  assert.equal(redactPhone("+1234567"), "+1*****67");
  assert.equal(redactPhone("Jane Doe"), "*****");
});

test("the longest prefix decides in which zones a number may be", () => {
  const prefixes = prefixZones();
  assert.deepEqual(zonesOfPhone("+12125550100", prefixes), ["America/New_York"]);
  assert.deepEqual(zonesOfPhone("+12045550100", prefixes), ["America/Winnipeg"]);
  assert.deepEqual(zonesOfPhone("+18085550100", prefixes), ["Pacific/Honolulu"]);
  assert.deepEqual(zonesOfPhone("+919876543210", prefixes), ["Asia/Kolkata"]);
  assert.deepEqual(zonesOfPhone("+97714567890", prefixes), ["Asia/Kathmandu"]);
  assert.ok(zonesOfPhone("+18005550100", prefixes).length > 30);
  assert.deepEqual(zonesOfPhone("+999123456", prefixes), []);
});

test("every zone of a prefix is a name that the zone data knows and IANA still uses", () => {
  const book = loadZones({ systemDirectory: "" });
  const names = new Set([...prefixZones().values()].flat());
  for (const name of names) assert.ok(book.zone(name), name);
  for (const legacy of ["Asia/Calcutta", "Asia/Katmandu", "America/Godthab"]) assert.ok(!names.has(legacy));
});

function hintOf(value: unknown): string {
  const result = parsePhone(value);
  assert.equal(result.ok, false);
  assert.equal(result.code, "phone_invalid");
  return result.hint;
}

function detailOf(value: unknown): string {
  const result = parsePhone(value);
  assert.equal(result.ok, false);
  return result.detail;
}
