import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openStore } from "../../src/store/open.ts";
import { startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { silentLog } from "../support/silent.ts";

const second = 1000;

/** A disk of 16 MiB, or null where none can be made. */
function smallDisk(t: TestContext): string | null {
  const folder = mkdtempSync(join(tmpdir(), "carillon-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    rmdirSync(folder);
    t.skip(`a small disk needs root and mount: ${(error as Error).message.split("\n")[0]}`);
    return null;
  }
  t.after(() => {
    execFileSync("umount", ["-l", folder]);
    rmdirSync(folder);
  });
  return folder;
}

/** Writes a file until the disk takes no more. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (const size of [65_536, 4096, 512]) {
      const block = Buffer.alloc(size, 1);
      try {
        while (writeSync(file, block) === size);
      } catch {
        // Full for this size; a smaller piece may still fit.
      }
    }
  } finally {
    closeSync(file);
  }
}

void test("on a full disk the results of calls in flight are kept, nothing new is dialed, and all heals by itself", async (t) => {
  const disk = smallDisk(t);
  if (disk === null) return;
  const path = join(disk, "carillon.db");
  const store = await openStore({ kind: "sqlite", path }, { clock: new FakeClock(), log: silentLog });
  const e = await startEngine({ store });
  await e.engine.createLine(e.actor, { name: "played", carrier: "stub", slots_max: 100 });
  const calls = [];
  for (let index = 0; index < 20; index += 1) calls.push(await e.call({ line: "played" }));
  await e.drain();
  assert.equal(e.stub.orders.length, 20);
  const waiting = await e.call({ line: "played", in: "10s" });
  fill(join(disk, "filler"));

  for (const order of e.stub.orders) {
    const ended = { key: "e", kind: "ended", at: e.clock.now(), outcome: "answered_human" } as const;
    assert.equal(await e.engine.receive(order.attemptKey, [ended]), "stored");
  }
  for (const call of calls) assert.equal((await e.look(call)).status, "completed");
  await e.advance(60 * second);
  assert.equal(e.stub.orders.length, 20, "a call was dialed on a full disk");
  assert.equal((await e.look(waiting)).status, "queued");
  await assert.rejects(e.call({ line: "played" }), { name: "StoreError", fault: "full" });
  assert.match((await e.engine.health()).problems.join(" "), /disk is almost full/);

  rmSync(join(disk, "filler"));
  await e.advance(5 * second);
  assert.equal(e.stub.orders.length, 21);
  await e.call({ line: "played" });
  await e.store.close();
  const again = await openStore({ kind: "sqlite", path }, { clock: new FakeClock(), log: silentLog });
  await again.close();
});
