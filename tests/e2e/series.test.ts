import assert from "node:assert/strict";
import { test } from "node:test";

import { startServer } from "./carillon.ts";

type Series = { readonly id: string; readonly next_local: string };
type Calls = { readonly data: readonly { readonly status: string; readonly due_at_local: string }[] };

test("a weekday series crosses both clock changes of 2027 at its wall time, on the test clock", async (t) => {
  const { run } = await startServer(t);
  const rule = ["--weekly", "--on", "mon,tue,wed,thu,fri", "--timezone", "America/New_York"];
  const made = await run(
    "series",
    "add",
    "+12125550100",
    ...rule,
    "--start",
    "2027-03-01T10:00:00",
    "--json",
  );
  assert.equal(made.code, 0, made.err);
  const { id, next_local } = JSON.parse(made.out) as Series;
  assert.equal(next_local, "2027-03-01T10:00:00-05:00");
  const advanced = await run("sandbox", "advance", "365d");
  assert.equal(advanced.code, 0, advanced.err);

  const listed = await run("calls", "list", "--status", "completed", "--limit", "200", "--json");
  const { data } = JSON.parse(listed.out) as Calls;
  assert.ok(data.length >= 180, `${data.length} calls`);
  assert.ok(data.every((call) => call.due_at_local.slice(11, 16) === "10:00"));
  const around = (day: string) => data.find((call) => call.due_at_local.startsWith(day))?.due_at_local;
  assert.equal(around("2027-03-12"), "2027-03-12T10:00:00-05:00");
  assert.equal(around("2027-03-15"), "2027-03-15T10:00:00-04:00");
  assert.equal(around("2027-11-05"), "2027-11-05T10:00:00-04:00");
  assert.equal(around("2027-11-08"), "2027-11-08T10:00:00-05:00");

  const shown = await run("series", "show", id);
  assert.match(shown.out, /weekdays at 10:00, America\/New_York/);
  assert.equal((await run("series", "end", id)).code, 0);
  const preview = await run("series", "preview", "--cron", "0 0 30 2 *", "--timezone", "UTC");
  assert.notEqual(preview.code, 0);
  assert.match(preview.err, /rule/);
});
