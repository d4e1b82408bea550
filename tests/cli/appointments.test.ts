import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { runCli } from "../../src/cli/program.ts";
import { openForBusiness, openSalon } from "../programs/appointments/salon.ts";
import { fakeTerminal } from "./fake-terminal.ts";

/** The command line before a real server on loopback, with a salon and a client who have ids of their own. */
async function open(t: TestContext) {
  const salon = await openSalon();
  const parties = await openForBusiness(salon, { external_id: "aurora" }, { external_id: "ann" });
  await salon.server.app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => salon.server.app.close());
  const { port } = salon.server.app.server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), "carillon-cli-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const type = async (...argv: string[]): Promise<{ exit: number; out: string; err: string }> => {
    const terminal = { ...fakeTerminal({ env: { CARILLON_URL: `http://127.0.0.1:${port}` } }), cwd: folder };
    const exit = await runCli(["appointments", ...argv], terminal);
    await salon.drain();
    return { exit, out: terminal.printed(), err: terminal.errors() };
  };
  return { salon, parties, folder, type };
}

test("an appointment is booked, shown with what is told of it, moved and cancelled", async (t) => {
  const { type, parties } = await open(t);
  const parts = ["--business", "aurora", "--client", "ann", "--service", parties.serviceId];
  const booked = await type(
    "book",
    ...parts,
    "--at",
    "2026-12-03T10:00:00",
    "--id",
    "first",
    "--staff",
    "Maya",
  );
  assert.match(
    booked.out,
    /^apt_\S+ is confirmed, for 2026-12-03T10:00:00-05:00 \(America\/New_York\), code \w{6}\.\n$/,
  );
  const shown = await type("show", "first");
  const stamp = (at: string) => `${at} America/New_York \\(UTC-05:00\\)`;
  for (const [kind, at] of [
    ["24h", "2026-12-02 10:00:00"],
    ["2h", "2026-12-03 08:00:00"],
  ] as const)
    assert.match(shown.out, new RegExp(`${kind} +sms +${stamp(at)} +planned`));
  assert.match(
    (await type("move", "first", "--at", "2026-12-04T11:30:00")).out,
    /for 2026-12-04T11:30:00-05:00/,
  );
  assert.match(
    (await type("list", "--status", "confirmed")).out,
    /2026-12-04T11:30:00-05:00 +confirmed .* Maya/,
  );
  assert.match((await type("cancel", "first")).out, /is cancelled/);
  const again = await type("confirm", "first");
  assert.equal(again.exit === 0, false);
  assert.match(again.err, /It is cancelled, which allows nothing/);
});

test("a file is previewed and taken, and bad rows are told with their lines", async (t) => {
  const { type, folder } = await open(t);
  writeFileSync(join(folder, "clients.csv"), "name,phone\nBen,+12125550101\nEve,0171\n");
  const preview = await type("import", "clients", "clients.csv", "--preview");
  assert.match(
    preview.out,
    /^Preview, nothing was stored\. 2 rows: 1 made, 0 changed, 1 rejected\.\n {2}line 3: /,
  );
  const taken = await type("import", "clients", "clients.csv", "--strict");
  assert.equal(taken.exit === 0, false, "a row was rejected");
  assert.match(taken.out, /^2 rows: 1 made/);
  assert.match((await type("import", "guests", "clients.csv")).err, /is none of businesses, clients/);
  assert.match((await type("import", "clients", "nowhere.csv")).err, /There is no file/);
});
