import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { offsetAt } from "../../src/domain/zone.ts";
import { loadZones, packedBook, zonesOutdated } from "../../src/system/zones.ts";
import { tzifBytes } from "./tzif-bytes.ts";

const HOUR_MS = 3_600_000;

test("the packed data is at least the release that put Winnipeg right, and says so", () => {
  const book = loadZones({ systemDirectory: "" });
  assert.ok(book.version >= "2026f");
  assert.equal(book.source, "moment-timezone");
  assert.ok(book.names().length >= 590);
});

test("names are those of IANA, with aliases, and case matters", () => {
  const book = loadZones({ systemDirectory: "" });
  assert.equal(book.zone("Asia/Calcutta")?.name, "Asia/Calcutta");
  assert.deepEqual(book.zone("Asia/Calcutta")?.untils, book.zone("Asia/Kolkata")?.untils);
  assert.equal(book.zone("UTC")?.untils.length, 1);
  for (const name of ["america/new_york", "Mars/Olympus", "", "__proto__", "constructor", "../etc/passwd"]) {
    assert.equal(book.zone(name), undefined, name);
  }
});

test("a zone is unpacked once", () => {
  const book = loadZones({ systemDirectory: "" });
  assert.equal(book.zone("Europe/Paris"), book.zone("Europe/Paris"));
});

test("every zone's changes rise, end with Infinity, and change the offset", () => {
  const book = loadZones({ systemDirectory: "" });
  for (const name of book.names()) {
    const rules = book.zone(name);
    assert.ok(rules);
    assert.equal(rules.untils.length, rules.offsetsMs.length);
    assert.equal(rules.untils.at(-1), Infinity);
    rules.untils.forEach((until, i) => {
      if (i > 0)
        assert.ok(
          until > (rules.untils[i - 1] ?? Infinity) && rules.offsetsMs[i] !== rules.offsetsMs[i - 1],
          name,
        );
      assert.ok(Math.abs(rules.offsetsMs[i] ?? Number.NaN) <= 16 * HOUR_MS, name);
    });
  }
});

test("offsets agree with Node's for every zone that Node knows, on each day of 2000 to 2024", () => {
  const book = loadZones({ systemDirectory: "" });
  const known = new Set(Intl.supportedValuesOf("timeZone"));
  let compared = 0;
  for (const name of book.names()) {
    const rules = book.zone(name);
    if (!known.has(name) || rules === undefined) continue;
    for (let at = Date.UTC(2000, 0, 1, 13); at < Date.UTC(2025, 0, 1); at += 29 * 24 * HOUR_MS) {
      const expected =
        Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(name).offsetNanoseconds / 1e6;
      assert.equal(offsetAt(rules, at), expected, `${name} ${at}`);
    }
    compared += 1;
  }
  assert.ok(compared > 350);
});

test("a directory that is given wins, whatever its release", (context) => {
  const directory = zoneDirectory(context, "2020a");
  const book = loadZones({ directory });
  assert.equal(book.version, "2020a");
  assert.equal(book.source, directory);
  assert.deepEqual(book.names(), ["America/Winnipeg", "America/Argentina/Salta", "UTC"].sort());
  assert.equal(offsetAt(book.zone("America/Winnipeg") ?? assert.fail(), 0), -7 * HOUR_MS);
  for (const name of ["america/winnipeg", "../secret", "America", "tzdata.zi", "right/UTC"])
    assert.equal(book.zone(name), undefined);
});

test("the operating system's data is taken only when it is newer than the packed data", (context) => {
  assert.equal(loadZones({ systemDirectory: zoneDirectory(context, "2025b") }).source, "moment-timezone");
  const newer = zoneDirectory(context, "2099a");
  assert.equal(loadZones({ systemDirectory: newer }).source, newer);
  assert.equal(loadZones({ systemDirectory: join(newer, "missing") }).source, "moment-timezone");
});

test("a directory without zones is an error, because nothing may be guessed", (context) => {
  const empty = temporaryDirectory(context);
  assert.throws(() => loadZones({ directory: empty }), /no zone data/);
  assert.throws(() => loadZones({ directory: join(empty, "missing") }), /ENOENT|no zone data/);
});

test("a zone file that is damaged is an unknown zone, and is reported", (context) => {
  const directory = zoneDirectory(context, "2099a");
  writeFileSync(join(directory, "UTC"), "TZif");
  const reported: unknown[] = [];
  const book = loadZones({ directory, log: (message, fields) => reported.push([message, fields["zone"]]) });
  assert.equal(book.zone("UTC"), undefined);
  assert.deepEqual(reported, [["a zone cannot be read", "UTC"]]);
});

test("packed data that is damaged throws instead of guessing", () => {
  const book = packedBook({ version: "2026f", zones: ["A/B|LMT|0|017|1 2|"], links: [] });
  assert.throws(() => book.zone("A/B"), /damaged/);
});

test("data older than a year is reported", () => {
  assert.equal(zonesOutdated("2026f", Date.UTC(2027, 0, 1)), undefined);
  assert.match(zonesOutdated("2026f", Date.UTC(2027, 11, 1)) ?? "", /older than a year/);
  assert.match(zonesOutdated("2024a", Date.UTC(2026, 0, 1)) ?? "", /older than a year/);
  assert.match(zonesOutdated("unknown", 0) ?? "", /unknown/);
});

function zoneDirectory(context: TestContext, version: string): string {
  const directory = temporaryDirectory(context);
  const write = (name: string, data: string | Uint8Array) => {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), data);
  };
  write("tzdata.zi", `# version ${version}\n`);
  write("zone.tab", "not a zone");
  write("right/UTC", tzifBytes({ first: 0, leaps: 1 }));
  write("UTC", tzifBytes({ first: 0, footer: "UTC0" }));
  write("America/Winnipeg", tzifBytes({ first: -7 * 3600, footer: "XXX7" }));
  write("America/Argentina/Salta", tzifBytes({ first: -3 * 3600, footer: "<-03>3" }));
  return directory;
}

function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "carillon-zones-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}
