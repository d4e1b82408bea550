import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { openCsv } from "../../src/cli/csv.ts";
import { type ImportRow, findColumns, readCalls } from "../../src/cli/csv-calls.ts";
import { csvLine, unescapeCell } from "../../src/cli/csv-escape.ts";
import { Failure } from "../../src/cli/failure.ts";
import { loadZones } from "../../src/system/zones.ts";

const zones = loadZones({ systemDirectory: "" });

test("a plain file becomes calls, column by column", async () => {
  const [row] = await rowsOf(
    "phone,name,at,timezone,purpose,external_id,metadata.policy,metadata.note\n" +
      '+12125550100,"O\'Neil, Ann",2026-12-01T10:00:00,America/New_York,renewal,c1,P-1,\n',
  );
  assert.deepEqual(row?.ok === true && row.item, {
    to: "+12125550100",
    name: "O'Neil, Ann",
    at: "2026-12-01T10:00:00",
    timezone: "America/New_York",
    purpose: "renewal",
    external_id: "c1",
    metadata: { policy: "P-1" },
  });
});

for (const [what, text] of [
  ["a byte order mark", "\uFEFFphone,name\n+12125550100,Ann\n"],
  ["semicolons", "phone;name\n+12125550100;Ann\n"],
  ["tabs", "phone\tname\n+12125550100\tAnn\n"],
  ["bars", "phone|name\n+12125550100|Ann\n"],
  ["Excel's sep line", "sep=;\r\nphone;name\r\n+12125550100;Ann\r\n"],
  ["line ends of Windows", "phone,name\r\n+12125550100,Ann\r\n"],
  ["line ends of old Macs", "phone,name\r+12125550100,Ann\r"],
  ["no line end at the end", "phone,name\n+12125550100,Ann"],
  ["empty lines", "\n\nphone,name\n\n,\n+12125550100,Ann\n\n"],
  ["blanks around cells", "phone , name\n +12125550100 , Ann \n"],
  ["quotes everywhere", '"phone","name"\n"+12125550100","Ann"\n'],
  ["other cases and words in the header", "Phone Number,Full Name\n+12125550100,Ann\n"],
  ["the apostrophe of an export", "phone,name\n'+12125550100,Ann\n"],
  ["empty cells too many", "phone,name\n+12125550100,Ann,,\n"],
] as const) {
  test(`${what}: read`, async () => {
    const rows = await rowsOf(text);
    assert.deepEqual(
      rows.map((row) => row.ok && row.item),
      [{ to: "+12125550100", name: "Ann" }],
    );
  });
}

test("UTF-16 as Excel's Unicode text is read, and bytes may come one by one", async () => {
  const bytes = Buffer.from("\uFEFFphone\tname\r\n+12125550100\tZoë\r\n", "utf16le");
  const file = await openCsv(oneByOne(bytes));
  const rows = await Array.fromAsync(readCalls(file, findColumns(file.header), { zones }));
  assert.deepEqual(
    rows.map((row) => row.ok && row.item.name),
    ["Zoë"],
  );
});

for (const [what, row, reason] of [
  ["Excel's scientific notation", "9.19877E+11,A", /scientific notation/],
  ["a number without +", "12125550134,A", /no country code/],
  ["blanks and dashes", "+1 (312) 555-0147,A", /blanks or punctuation.*\+13125550147/],
  ["a letter", "+1303555O122,A", /letters/],
  ["too short a number", "+14155,A", /5 digits/],
  ["an empty number", ",Arthur", /empty/],
  ["words for a number", "n/a,A", /letters/],
  ["00 for +", "00447700900161,A", /write \+ instead: \+447700900161/],
  ["a cell too many", "+12125550100,Okafor, Ngozi,x,y", /5 cells and the file 4 columns/],
  ["an unknown zone", "+12125550100,A,,Eastern", /time zone "Eastern" is not known/],
  ["a time in another form", "+12125550100,A,12/24/2026 10:00,", /cannot be read/],
  ["a local time without zone", "+12125550100,A,2026-12-24T10:00:00,", /without its zone/],
  ["a date that does not exist", "+12125550100,A,2026-02-30T10:00:00Z,", /only 28 days/],
  ["bytes that are not UTF-8", "+12125550100,Zo\uFFFD", /not UTF-8/],
] as const) {
  test(`${what}: that row is rejected with the reason, its neighbours are not`, async () => {
    const rows = await rowsOf(`phone,name,at,timezone\n+12125550101,B\n${row}\n+12125550102,C\n`);
    assert.deepEqual(
      rows.map(({ ok }) => ok),
      [true, false, true],
    );
    assert.match(reasonOf(rows[1]), reason);
    assert.equal(rows[1]?.line, 3);
  });
}

test("the same call twice, and the same external_id twice, are called once", async () => {
  const rows = await rowsOf(
    "phone,external_id,name\n+12125550100,a,Ann\n+12125550100,a,Ann\n+12125550101,a,Bob\n+12125550100,,Ann again\n+12125550102,b,Cy\n",
  );
  assert.deepEqual(
    rows.map(({ ok }) => ok),
    [true, false, false, false, true],
  );
  assert.match(reasonOf(rows[1]), /line 2/);
  assert.match(reasonOf(rows[2]), /external_id "a" stands on line 2/);
});

test("a zone given for all is used by rows that name none", async () => {
  const file = await openCsv(bytesOf("phone,at,timezone\n+12125550100,2026-12-24T10:00:00,\n"));
  const rows = await Array.fromAsync(
    readCalls(file, findColumns(file.header), { zones, timezone: "Europe/London", line: "voice" }),
  );
  const [row] = rows;
  assert.deepEqual(row?.ok === true && [row.item.timezone, row.item.line], ["Europe/London", "voice"]);
});

for (const [what, text, code] of [
  ["no phone column", "name,number_plate\nAnn,X\n", "csv_phone_missing"],
  ["no header", "+12125550100,Ann\n", "csv_phone_missing"],
  ["nothing in it", "", "csv_empty"],
  ["two phone columns", "phone,mobile\n+12125550100,+12125550101\n", "csv_column_twice"],
  ["a quote that is never closed", 'phone,name\n+12125550100,"Ann\n+12125550101,Bob\n', "csv_quote_open"],
] as const) {
  test(`a file with ${what} is refused as a whole, with exit 2`, async () => {
    await assert.rejects(rowsOf(text), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.problem.code, code);
      assert.equal(error.exit, "usage");
      assert.ok((error.problem.hint ?? "").length > 0);
      return true;
    });
  });
}

test("100,000 rows are read", async () => {
  let text = "phone,name,external_id\n";
  for (let i = 0; i < 100_000; i += 1) text += `+1${2_000_000_000 + i},Person ${i},c${i}\n`;
  const rows = await rowsOf(text);
  assert.equal(rows.length, 100_000);
  assert.ok(rows.every(({ ok }) => ok));
  assert.equal(rows.at(-1)?.line, 100_001);
});

test("what is written is never a formula, and reads back as it was", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.trim()),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
      async (cells) => {
        const line = csvLine(cells);
        for (const cell of cells.filter((one) => /^[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/.test(one))) {
          assert.ok(line.includes(`'${cell.slice(0, 1)}`));
        }
        const file = await openCsv(bytesOf(`${csvLine(cells.map((_, i) => `c${i}`))}${line}`));
        const rows = await Array.fromAsync(file.rows);
        if (cells.every((cell) => cell === "")) assert.deepEqual(rows, []);
        else assert.deepEqual(rows[0]?.cells.map(unescapeCell), cells);
      },
    ),
  );
});

async function rowsOf(text: string): Promise<ImportRow[]> {
  const file = await openCsv(bytesOf(text));
  return await Array.fromAsync(readCalls(file, findColumns(file.header), { zones }));
}

function reasonOf(row: ImportRow | undefined): string {
  return row?.ok === false ? row.reason : "";
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function* oneByOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) yield Uint8Array.of(byte);
}
