import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { parseDay } from "../../src/domain/civil.ts";
import type { ClosedDates } from "../../src/domain/window.ts";
import { loadHolidays } from "../../src/system/holidays.ts";

test("public holidays are closed, and observances are not", async () => {
  const us = await loadHolidays("US", undefined, [2026]);
  assert.equal(nameOn(us, "2026-12-25"), "Christmas Day");
  assert.equal(nameOn(us, "2026-11-26"), "Thanksgiving Day");
  assert.equal(nameOn(us, "2026-02-14"), undefined);
  assert.equal(nameOn(us, "2026-12-24"), undefined);
  const observed = await loadHolidays("US", undefined, [2026], { types: ["public", "observance"] });
  assert.equal(nameOn(observed, "2026-02-14"), "Valentine's Day");
});

test("a substitute day before New Year belongs to the year it lies in", async () => {
  const us = await loadHolidays("US", undefined, [2027]);
  assert.match(nameOn(us, "2027-12-31") ?? "", /New Year/);
  assert.match(nameOn(us, "2028-01-01") ?? "", /New Year/);
});

test("a region has its own holidays besides the country's", async () => {
  const [bavaria, berlin] = [await loadHolidays("DE", "BY", [2026]), await loadHolidays("de", "be", [2026])];
  assert.equal(nameOn(bavaria, "2026-01-06"), "Epiphany");
  assert.equal(nameOn(berlin, "2026-01-06"), undefined);
  assert.equal(nameOn(berlin, "2026-12-25"), "Christmas Day");
});

test("a holiday of several days closes each of them, also past New Year", async () => {
  const swaziland = await loadHolidays("SZ", undefined, [2026]);
  for (const date of ["2026-12-28", "2026-12-31", "2027-01-02"]) assert.ok(nameOn(swaziland, date), date);
  assert.equal(nameOn(swaziland, "2027-01-03"), undefined);
});

test("the day on which the clocks change is one day", async () => {
  const haiti = await loadHolidays("HT", undefined, [2026]);
  assert.match(nameOn(haiti, "2026-11-01") ?? "", /Saints/);
  assert.doesNotMatch(nameOn(haiti, "2026-11-02") ?? "", /Saints/);
});

test("a year that was not loaded is worked out when asked for", async () => {
  const us = await loadHolidays("US", undefined, []);
  assert.equal(nameOn(us, "2031-12-25"), "Christmas Day");
});

test("extra dates are closed too", async () => {
  const day = parseDay("2026-12-24") ?? assert.fail();
  const us = await loadHolidays("US", undefined, [2026], { extra: new Map([[day, "office party"]]) });
  assert.equal(us.has(day), "office party");
  assert.equal(nameOn(await loadHolidays("US", undefined, [2026]), "2026-12-24"), undefined);
});

test("an unknown country or region is an error, not a year without holidays", async () => {
  await assert.rejects(loadHolidays("XX", undefined, []), /country XX/);
  await assert.rejects(loadHolidays("US", "ZZ", []), /region ZZ/);
  await assert.rejects(loadHolidays("DE", "BY-Q", []), /region BY-Q/);
});

test("the dates do not depend on the zone of the machine", async () => {
  const module = new URL("../../src/system/holidays.ts", import.meta.url).href;
  const program = `
    const { loadHolidays } = await import(${JSON.stringify(module)});
    for (const country of ["US", "AE", "CN", "TR", "AU"]) {
      const closed = await loadHolidays(country, undefined, [2026]);
      for (let day = 20454; day < 20819; day += 1) if (closed.has(day)) console.log(country, day, closed.has(day));
    }`;
  const run = async (zone: string) => {
    const options = { env: { ...process.env, TZ: zone } };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", program],
      options,
    );
    return stdout;
  };
  const [here, ...others] = await Promise.all(
    ["UTC", "Pacific/Kiritimati", "Australia/Lord_Howe", "America/Adak"].map(run),
  );
  assert.ok(here !== undefined && here.split("\n").length > 50);
  for (const other of others) assert.equal(other, here);
});

function nameOn(closed: ClosedDates, date: string): string | undefined {
  return closed.has(parseDay(date) ?? assert.fail(date));
}
