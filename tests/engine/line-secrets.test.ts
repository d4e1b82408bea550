import assert from "node:assert/strict";
import { test } from "node:test";
import { startEngine } from "../support/engine.ts";

const url = "https://voice.example/calls";

test("a secret that is sent back as it is shown keeps its value, as long as it goes to no other address", async () => {
  const t = await startEngine();
  const patch = (settings: Record<string, unknown>) => t.engine.updateLine(t.actor, "stub", { settings });
  await t.engine.createLine(t.actor, {
    name: "stub",
    carrier: "stub",
    settings: { url, token: "open sesame" },
  });
  const shown = await patch({ url: "https://voice.example/other", token: "•••", note: "x" });
  assert.equal(shown.settings["token"], "•••");
  for (const settings of [
    { url: "https://evil.example/calls", token: "•••" },
    { url: "http://voice.example/calls", token: "•••" },
    { url: "https://voice.example:8443/calls", token: "•••" },
    { url, lookup_url: "https://evil.example/look", token: "•••" },
  ])
    await assert.rejects(patch(settings), { code: "line_settings_invalid" }, JSON.stringify(settings));
  await t.call({ to: "+12125550100", timezone: "UTC", line: "stub" });
  await t.advance(1000);
  assert.deepEqual(t.stub.orders[0]?.settings, {
    url: "https://voice.example/other",
    token: "open sesame",
    note: "x",
  });
  await patch({ url: "https://elsewhere.example/calls", token: "another" });
});
