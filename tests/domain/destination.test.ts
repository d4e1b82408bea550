import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type LiveRules,
  blockOf,
  classifyDestination,
  judgeDestination,
  usualNumberTypes,
} from "../../src/domain/destination.ts";
import { loadPhoneMetadata } from "../../src/system/phone-metadata.ts";

const metadata = await loadPhoneMetadata();

/** Number, and where it leads: "COUNTRY type", or what nobody calls. */
const cases: readonly (readonly [string, string])[] = [
  // The North American plan is many countries.
  ["+12125550100", "US mobile"],
  ["+15195550123", "CA mobile"],
  ["+16715551234", "GU mobile"],
  ["+18005551234", "US toll_free"],
  ["+12423021234", "BS fixed_line"],
  ["+12464161234", "BB fixed_line"],
  ["+12642351234", "AI mobile"],
  ["+12684641234", "AG mobile"],
  ["+12844941234", "VG fixed_line"],
  ["+13459161234", "KY mobile"],
  ["+14412921234", "BM mobile"],
  ["+14734031234", "GD mobile"],
  ["+16492311234", "TC mobile"],
  ["+16644921234", "MS mobile"],
  ["+17215205678", "SX mobile"],
  ["+17582845678", "LC mobile"],
  ["+17672251234", "DM mobile"],
  ["+17844301234", "VC mobile"],
  ["+18092345678", "DO mobile"],
  ["+18292345678", "DO mobile"],
  ["+18492345678", "DO mobile"],
  ["+18682911234", "TT mobile"],
  ["+18697652917", "KN mobile"],
  ["+18762101234", "JM mobile"],
  // What costs more than a call.
  ["+19005551234", "premium"],
  ["+12129765551", "premium"],
  ["+448712345678", "premium"],
  ["+449098790000", "premium"],
  ["+33899123456", "premium"],
  ["+3531520123456", "premium"],
  ["+979123456789", "premium"],
  ["+491801234567", "shared_cost"],
  ["+46771234567", "shared_cost"],
  ["+80812345678", "shared_cost"],
  ["+447640123456", "pager"],
  ["+445512345678", "company_wide"],
  // Satellites, ships and networks of no country.
  ["+870773111632", "satellite"],
  ["+881612345678", "satellite"],
  ["+882161234567", "satellite"],
  ["+883510012345678", "satellite"],
  ["+80012345678", "worldwide"],
  ["+878101234567890", "worldwide"],
  // Help, operators, and other short numbers, with a calling code in front of them too.
  ["+1911", "service_code"],
  ["+1411", "service_code"],
  ["+19115550100", "service_code"],
  ["+12115550100", "service_code"],
  ["+12125551212", "service_code"],
  ["+44999", "emergency"],
  ["+49112", "emergency"],
  ["+358112", "emergency"],
  ["+61000", "emergency"],
  ["+4911833", "short"],
  ["+3906698", "short"],
  // What exists in no plan.
  ["+1234567890", "impossible"],
  ["+2321234567", "impossible"],
  // Others.
  ["+442079460958", "GB fixed_line"],
  ["+441481256789", "GG fixed_line"],
  ["+77001234567", "KZ mobile"],
  ["+919876543210", "IN mobile"],
  ["+61491570006", "AU mobile"],
  ["+390669812345", "VA fixed_line"],
  ["+390612345678", "IT fixed_line"],
  ["+447012345678", "GB personal"],
  ["+15005550006", "US personal"],
  ["+447700900123", "null unassigned"],
  ["+15551234567", "null unassigned"],
];

for (const [number, expected] of cases) {
  void test(`${number} leads to ${expected}`, () => {
    const found = classifyDestination(number, metadata);
    assert.equal(found.kind === "never" ? found.what : `${found.country} ${found.type}`, expected);
  });
}

void test("a type that the numbering plan names and nobody knows here is not taken to be harmless", () => {
  const odd = () => ({ possible: true, valid: true, type: "LOTTERY", country: "US", national: "2125550100" });
  assert.deepEqual(classifyDestination("+12125550100", odd), {
    kind: "ordinary",
    country: "US",
    type: "unassigned",
  });
  const nowhere = () => ({ possible: true, valid: true, type: undefined, country: undefined });
  assert.equal(classifyDestination("+999123456789", nowhere).kind, "never");
});

const open: LiveRules = {
  isOpen: true,
  numberTypes: usualNumberTypes,
  countries: new Map([
    ["FR", "refused"],
    ["DE", "allowed"],
    ["GB", "waiting"],
    ["US", "refused"],
  ]),
};
const judged = (rules: LiveRules, number: string, listed = false, home: string | null = "CA"): string => {
  const one = judgeDestination(rules, classifyDestination(number, metadata), listed, home);
  return one.kind === "wait" ? one.reason : one.kind;
};

void test("in canary only listed numbers are rung, whatever the countries say", () => {
  const canary = { ...open, isOpen: false };
  assert.equal(judged(canary, "+4915112345678"), "not_on_allow_list");
  assert.equal(judged(canary, "+15195550123"), "not_on_allow_list");
  assert.equal(judged(canary, "+919876543210", true), "ring");
});

void test("open: the home country and allowed ones ring, new ones wait, refused ones never do", () => {
  assert.equal(judged(open, "+15195550123"), "ring");
  assert.equal(judged(open, "+4915112345678"), "ring");
  assert.equal(judged(open, "+919876543210"), "country_approval");
  assert.equal(judged(open, "+442079460958"), "country_approval");
  assert.equal(judged(open, "+33612345678"), "never");
  assert.equal(judged(open, "+12125550100", false, "US"), "never");
  assert.equal(judged(open, "+12423021234", false, "US"), "country_approval");
});

void test("unusual types ring only when the workspace or the allow-list names them", () => {
  assert.equal(judged(open, "+15551234567"), "never");
  assert.equal(judged(open, "+15551234567", true), "ring");
  assert.equal(judged(open, "+447012345678", false, "GB"), "never");
  assert.equal(judged({ ...open, numberTypes: ["personal"] }, "+447012345678", false, "GB"), "ring");
});

void test("no list makes a premium, satellite or emergency number ring", () => {
  for (const number of ["+19005551234", "+881612345678", "+1911", "+12129765551"])
    assert.equal(judged(open, number, true), "never", number);
});

void test("a block is a thousand numbers", () => {
  assert.equal(blockOf("+12125550100"), "+12125550");
  assert.equal(blockOf("+12125550999"), blockOf("+12125550000"));
  assert.notEqual(blockOf("+12125551000"), blockOf("+12125550999"));
});
