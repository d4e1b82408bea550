import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";

import { runCarillon } from "./carillon.ts";

// Each takes half a minute of mostly waiting, so they wait together.
void suite("the demo", { concurrency: 2 }, () => {
  test("--exit: within 60 s and with exit 0 it shows progress, summary, delays, who waits, and where to look next", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-e2e-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const at = Date.now();
    // A surrounding configuration, even a broken one, is none of the demo's business.
    const env = { TMPDIR: folder, DATABASE_URL: "postgres://127.0.0.1:1/never", PORT: "nonsense" };
    const { code, out, err } = await runCarillon(["demo", "--exit"], { cwd: folder, env }).ended;
    assert.equal(code, 0, out + err);
    assert.ok(Date.now() - at < 60_000);
    assert.equal(err, "");
    assert.ok(!out.includes("\u001b"), "plain output off a terminal");

    assert.match(out, /322 rows, 30\d calls scheduled, 1\d rows rejected/);
    const progress = out.split("\n").filter((line) => /^ *[\d.]+ m?s {2}.*on the phone \d+/.test(line));
    assert.ok(progress.length >= 2, out);
    for (const group of ["reached", "busy", "no answer", "voicemail", "tried again", "expired"]) {
      assert.match(out, new RegExp(`^ {2}${group} +\\d+`, "m"));
    }
    assert.ok(Number(/^ {2}reached +(\d+)/m.exec(out)?.[1]) > 20, "some zone is always awake");
    assert.ok(Number(/^ {2}tried again +(\d+)/m.exec(out)?.[1]) > 0);
    assert.match(out, /Start delay of \d+ dials: p50 .+, p95 .+, p99 .+/);
    assert.match(
      out,
      /\d+ calls in \d+ zones wait for someone's morning: the first until .+, the last until .+\./,
    );
    assert.match(out, /line \d+ \(9\.19877E\+11, .*\): .*scientific notation/);
    assert.match(out, /line \d+ \(\+12065550198, June Park\): .*days ago/);
    assert.match(out, /Look next/);
    assert.deepEqual(readdirSync(folder), [], "nothing is left behind");
  });

  test("it stays up after the summary until Ctrl-C, and then cleans up", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-e2e-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const { child, ended } = runCarillon(["demo"], { cwd: folder, env: { TMPDIR: folder } });
    const url = await new Promise<string>((resolve) => {
      let text = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const [, found] = /calls explain \S+ --url (\S+)/.exec(text) ?? [];
        if (found !== undefined) resolve(found);
      });
      void ended.then(() => resolve(""));
    });
    assert.equal((await fetch(`${url}/v1/stats`)).status, 200);
    child.kill("SIGINT");
    const { code } = await ended;
    assert.equal(code, 0);
    assert.deepEqual(readdirSync(folder), []);
  });
});
