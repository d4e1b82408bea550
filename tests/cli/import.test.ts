import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { runCli } from "../../src/cli/program.ts";
import { type Answer, type Asked, fakeServer } from "./fake-server.ts";
import { fakeTerminal } from "./fake-terminal.ts";

type Item = { to: string; dedupe_key: string; on_duplicate: string };

test("good rows are scheduled, bad ones go to a file with their reasons, and the exit is 0", async (t) => {
  const { folder, server, run } = await setUp(t);
  writeFileSync(
    join(folder, "people.csv"),
    "phone,name\n+12125550100,Ann\n12125550101,=Bob\n+12125550102,Cy\n",
  );
  const { code, result } = await run(["import", "people.csv"]);
  assert.equal(code, 0);
  assert.deepEqual([result["rows"], result["scheduled"], result["rejected"]], [3, 2, 1]);
  const sent = itemsOf(server.asked);
  assert.deepEqual(
    sent.map(({ to }) => to),
    ["+12125550100", "+12125550102"],
  );
  assert.equal(
    readFileSync(join(folder, "people.rejected.csv"), "utf8"),
    `\uFEFFphone,name,reason\r\n12125550101,"'=Bob","the phone number has no country code: start with + and the country code, like +12125550100"\r\n`,
  );
});

test("the file of rejected rows can be corrected and imported", async (t) => {
  const { folder, server, run } = await setUp(t);
  writeFileSync(join(folder, "people.csv"), "phone,name\n+1 2125550101,Bob\n");
  await run(["import", "people.csv"]);
  const rejected = readFileSync(join(folder, "people.rejected.csv"), "utf8").replace("+1 212", "+1212");
  writeFileSync(join(folder, "people.rejected.csv"), rejected);
  const { result } = await run(["import", "people.rejected.csv"]);
  assert.deepEqual([result["scheduled"], result["rejected"]], [1, 0]);
  assert.equal(itemsOf(server.asked)[0]?.to, "+12125550101");
});

test("with --strict a rejected row makes the exit 1", async (t) => {
  const { folder, run } = await setUp(t);
  writeFileSync(join(folder, "people.csv"), "phone\n+12125550100\nx\n");
  assert.equal((await run(["import", "people.csv", "--strict"])).code, 1);
});

test("a row that the server refuses is rejected with the server's reason", async (t) => {
  const { folder, run } = await setUp(t, ({ body }) => {
    const { calls } = body as { calls: Item[] };
    const data = calls.map((_, i) =>
      i === 1
        ? {
            status: 422,
            error: { code: "time_in_past", detail: "at is 4 minutes ago.", hint: "Send a later time." },
          }
        : { status: 201, call: { id: `call_${i}` } },
    );
    return { status: 200, body: { data } };
  });
  writeFileSync(join(folder, "people.csv"), "phone\n+12125550100\n+12125550101\n");
  const { result } = await run(["import", "people.csv"]);
  assert.equal(result["rejected"], 1);
  const text = readFileSync(join(folder, "people.rejected.csv"), "utf8");
  assert.match(text, /"'\+12125550101",at is 4 minutes ago\. Send a later time\./);
});

test("groups hold at most 500 rows; the same file sends the same keys again, another file others", async (t) => {
  const { folder, server, run } = await setUp(t);
  const rows = Array.from({ length: 1_200 }, (_, i) => `+1${2_125_000_000 + i}`);
  writeFileSync(join(folder, "people.csv"), ["phone", ...rows].join("\n"));
  await run(["import", "people.csv"]);
  const first = server.asked.map(({ key }) => key);
  assert.deepEqual(
    server.asked.map(({ body }) => (body as { calls: Item[] }).calls.length),
    [500, 500, 200],
  );
  assert.equal(new Set(first).size, 3);

  server.asked.length = 0;
  const { result } = await run(["import", "people.csv"]);
  assert.deepEqual(
    server.asked.map(({ key }) => key),
    first,
  );
  assert.deepEqual([result["scheduled"], result["present"]], [0, 1_200]);

  server.asked.length = 0;
  await run(["import", "people.csv", "--line", "voice"]);
  assert.equal(server.asked.filter(({ key }) => first.includes(key)).length, 0);
});

test("a corrected file does not call again whom the first one already calls", async (t) => {
  const { folder, server, run } = await setUp(t);
  writeFileSync(join(folder, "a.csv"), "phone,name,external_id\n+12125550100,Ann,c1\n+12125550101,Bob,\n");
  await run(["import", "a.csv"]);
  writeFileSync(join(folder, "b.csv"), "phone,name,external_id\n+12125550100,Anne,c1\n+12125550101,Bob,\n");
  await run(["import", "b.csv"]);
  const items = itemsOf(server.asked);
  assert.equal(items.length, 4);
  assert.equal(items[0]?.dedupe_key, items[2]?.dedupe_key);
  assert.equal(items[1]?.dedupe_key, items[3]?.dedupe_key);
  assert.notEqual(items[0]?.dedupe_key, items[1]?.dedupe_key);
  assert.ok(items.every((item) => item.on_duplicate === "return"));
});

test("a dry run sends and writes nothing, and says what would happen", async (t) => {
  const { folder, server, run } = await setUp(t);
  writeFileSync(
    join(folder, "people.csv"),
    "phone,at\n+12125550100,\n12125550101,\n+12125550102,2024-01-01T10:00:00Z\n+12125550103,2027-01-01T10:00:00Z\n",
  );
  const { code, result } = await run(["import", "people.csv", "--dry-run"]);
  assert.equal(code, 0);
  assert.deepEqual([result["rows"], result["would_schedule"], result["rejected"]], [4, 2, 2]);
  assert.deepEqual(server.asked, []);
  assert.deepEqual(readdirSync(folder), ["people.csv"]);
});

for (const [what, text, code] of [
  ["without a phone column", "name,city\nAnn,Paris\n", "csv_phone_missing"],
  [
    "that breaks off in a quote at its end",
    `phone,name\n${"+12125550100,A\n".repeat(3)}+12125550101,"B\n`,
    "csv_quote_open",
  ],
] as const) {
  test(`a file ${what} changes nothing at all: exit 2`, async (t) => {
    const { folder, server, run } = await setUp(t);
    writeFileSync(join(folder, "people.csv"), text);
    const { code: exit, result } = await run(["import", "people.csv"]);
    assert.equal(exit, 2);
    assert.equal(result["code"], code);
    assert.deepEqual(server.asked, []);
    assert.ok(!existsSync(join(folder, "people.rejected.csv")));
  });
}

test("a missing file: exit 2 with its path", async (t) => {
  const { run } = await setUp(t);
  const { code, result } = await run(["import", "none.csv"]);
  assert.equal(code, 2);
  assert.match(String(result["detail"]), /none\.csv/);
});

test("while the server is away for a moment, the same group is sent again with the same key", async (t) => {
  let refusals = 2;
  const { folder, server, run } = await setUp(t, (asked) =>
    refusals-- > 0
      ? { status: 503, body: { code: "store_unavailable", detail: "Busy." } }
      : accept(asked, new Set()),
  );
  writeFileSync(join(folder, "people.csv"), "phone\n+12125550100\n");
  const { code, result } = await run(["import", "people.csv"]);
  assert.equal(code, 0);
  assert.equal(result["scheduled"], 1);
  assert.equal(server.asked.length, 3);
  assert.equal(new Set(server.asked.map(({ key }) => key)).size, 1);
});

test("- reads the standard input", async (t) => {
  const { server, run } = await setUp(t, undefined, "phone\n+12125550100\n");
  const { result } = await run(["import", "-"]);
  assert.equal(result["scheduled"], 1);
  assert.equal(itemsOf(server.asked).length, 1);
});

test("examples/renewals.csv: at least 300 calls in at least eight zones, fifteen rows broken", async (t) => {
  const { run } = await setUp(t);
  const { result } = await run(["import", join(process.cwd(), "examples/renewals.csv"), "--dry-run"]);
  assert.ok(Number(result["would_schedule"]) >= 300);
  assert.equal(result["rejected"], 15);
  const lines = readFileSync("examples/renewals.csv", "utf8").split("\n");
  const fictional = /^(\+1[2-9]\d\d55501\d\d|\+447700900\d{3}|\+61491570(156|157|158|159|110)),/;
  const good = lines.filter((line) => fictional.test(line));
  assert.ok(good.length >= 300, "every number that could be dialed is from a fictional range");
  assert.ok(new Set(good.map((line) => line.split(",")[2])).size > 8);
});

async function setUp(t: { after(then: () => unknown): void }, answer?: (asked: Asked) => Answer, input = "") {
  const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
  const known = new Set<string>();
  const server = await fakeServer(answer ?? ((asked) => accept(asked, known)));
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const run = async (argv: readonly string[]) => {
    const terminal = fakeTerminal({ env: { CARILLON_URL: server.url }, cwd: folder, input });
    const code = await runCli([...argv, "--json"], terminal);
    return { code, result: JSON.parse(terminal.printed()) as Record<string, unknown> };
  };
  return { folder, server, run };
}

/** Takes everything; the second time with the same key it says that it is a replay. */
function accept({ body, key }: Asked, known: Set<string>): Answer {
  const { calls } = body as { calls: Item[] };
  const replayed = known.has(key ?? "");
  known.add(key ?? "");
  return {
    status: 200,
    body: { data: calls.map((_, i) => ({ status: 201, call: { id: `call_${i}` } })) },
    headers: replayed ? { "idempotent-replayed": "true" } : {},
  };
}

function itemsOf(asked: readonly Asked[]): Item[] {
  return asked.flatMap(({ body }) => (body as { calls: Item[] }).calls);
}
