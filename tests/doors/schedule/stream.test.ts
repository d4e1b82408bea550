import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type TestContext, describe, test } from "node:test";

import { readConfig } from "../../../src/config.ts";
import { type Options, type ScheduleHouse, MINUTE_BEFORE, openScheduleHouse } from "./house.ts";

const SECRET = "a secret of 32 characters or more!";

function tokenOf(sub: string, exp: number): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256" })}.${encode({ sub, exp })}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

type Follower = {
  /** What came so far, parsed. */
  readonly events: readonly { readonly id: string; readonly data: Record<string, unknown> }[];
  readonly ended: Promise<void>;
  until(done: () => boolean): Promise<void>;
  close(): void;
};

/** Listens until the test ends, however it ends. */
async function listening(t: TestContext, options: Options = {}): Promise<ScheduleHouse & { port: number }> {
  const house = await openScheduleHouse({ startAt: MINUTE_BEFORE, ...options });
  const port = await house.server.listen();
  t.after(() => house.server.close(0));
  return { ...house, port };
}

async function follow(port: number, headers: Record<string, string> = {}): Promise<Follower> {
  const sent = request({ port, host: "127.0.0.1", path: "/schedule/stream", headers });
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  assert.equal(answer.statusCode, 200);
  assert.match(String(answer.headers["content-type"]), /^text\/event-stream/);
  const events: { id: string; data: Record<string, unknown> }[] = [];
  let text = "";
  const ended = new Promise<void>((resolve) => {
    answer.on("close", resolve);
  });
  // A follower that goes away cuts the answer off; the test knows.
  answer.on("error", () => {});
  answer.setEncoding("utf8");
  answer.on("data", (chunk: string) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const match = /^id: (.*)\nevent: schedule\ndata: (.*)$/.exec(block);
      if (match !== null) events.push({ id: match[1] ?? "", data: JSON.parse(match[2] ?? "") });
    }
  });
  return {
    events,
    ended,
    async until(done) {
      while (!done()) await once(answer, "data");
    },
    close: () => sent.destroy(),
  };
}

describe("live updates", () => {
  test("tell what happens to a schedule, from its creation to its end", { timeout: 20_000 }, async (t) => {
    const house = await listening(t);
    const follower = await follow(house.port);
    const id = await house.schedule();
    await house.advance(180_000);
    await follower.until(() => follower.events.at(-1)?.data["event"] === "call.completed");
    const seen = follower.events.map(({ data }) => [data["event"], data["schedule_id"]]);
    assert.deepEqual(seen[0], ["call.scheduled", id]);
    assert.ok(seen.length >= 4);
    assert.equal(follower.events.at(-1)?.data["status"], "completed");
  });

  test("name the schedule that an occurrence belongs to", { timeout: 20_000 }, async (t) => {
    const house = await listening(t);
    const follower = await follow(house.port);
    const id = await house.schedule({ repeat_config: { enabled: true, frequency: "daily" } });
    await house.post(`/schedule/${id}/pause`);
    await follower.until(() => follower.events.some(({ data }) => data["event"] === "series.paused"));
    for (const { data } of follower.events) assert.equal(data["schedule_id"], id, JSON.stringify(data));
  });

  test("go on after the last event that was seen", { timeout: 20_000 }, async (t) => {
    const house = await listening(t);
    const first = await follow(house.port);
    const one = await house.schedule();
    await first.until(() => first.events.length === 1);
    first.close();
    const two = await house.schedule();
    const again = await follow(house.port, { "last-event-id": first.events[0]?.id ?? "" });
    await again.until(() => again.events.length === 1);
    assert.notEqual(one, two);
    assert.equal(again.events[0]?.data["schedule_id"], two);
  });

  test("are of what the caller may see alone, and end with his token", { timeout: 20_000 }, async (t) => {
    const doorSettings = readConfig({ JWT_SECRET: SECRET }).doors;
    const house = await listening(t, { doorSettings });
    const bearer = (sub: string, seconds = 3600) => ({
      authorization: `Bearer ${tokenOf(sub, MINUTE_BEFORE / 1000 + seconds)}`,
    });
    const [mine, others] = [
      await follow(house.port, bearer("me", 60)),
      await follow(house.port, bearer("you")),
    ];
    const own = await house.schedule({}, bearer("me"));
    const foreign = await house.schedule({}, bearer("you"));
    await house.schedule({}, bearer("you"));
    await others.until(() => others.events.length === 2);
    await mine.until(() => mine.events.length === 1);
    assert.equal(mine.events[0]?.data["schedule_id"], own);
    assert.equal(others.events[0]?.data["schedule_id"], foreign);
    await house.advance(120_000);
    await mine.ended;
    assert.equal(mine.events.filter(({ data }) => data["schedule_id"] !== own).length, 0);
  });

  test("a cursor that is none of ours is refused", async () => {
    const { ask } = await openScheduleHouse();
    const answer = await ask("GET", "/schedule/stream?after=nonsense");
    assert.deepEqual([answer.statusCode, answer.json().error_code], [400, "SCHEDULE_003"]);
  });
});
