import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { DisconnectReason } from "@livekit/protocol";

import { freePort } from "../support/free-port.ts";
import { LiveKitStandIn } from "../support/livekit-stand-in.ts";
import { type Message, STAND_IN_NUMBER, TwilioStandIn } from "../support/twilio-stand-in.ts";
import { type Server, ask, folderFor, serve } from "./serve.ts";

/** Who is at the other end of a line: it takes every call, and is never heard to say so. */
type FarEnd = {
  readonly line: object;
  /** Create requests that arrived. */
  readonly posts: () => number;
  /** Resolves when a call was taken. */
  readonly taken: Promise<void>;
  /** The call goes to its end there; returns what the far end sends about it. */
  finish(): readonly Message[] | Promise<readonly Message[]>;
};

async function twilioEnd(t: TestContext): Promise<FarEnd> {
  const standIn = await new TwilioStandIn({ now: () => Date.now() }).listen();
  t.after(() => standIn.close());
  standIn.next = "hangs";
  const taken = new Promise<void>((resolve) => void (standIn.onTaken = () => resolve()));
  return {
    line: { carrier: "twilio", caller_id: STAND_IN_NUMBER, settings: standIn.settings },
    posts: () => standIn.posts,
    taken,
    finish: () => {
      assert.deepEqual(standIn.faults, []);
      const [call] = standIn.calls;
      assert.ok(call !== undefined);
      return ["initiated", "ringing", "in-progress", "completed"].flatMap(
        (status) => standIn.event(call, status) ?? [],
      );
    },
  };
}

/** LiveKit forgets a call when it has ended, so here somebody still talks after the restart, and hangs up once that was seen. */
async function livekitEnd(t: TestContext, port: number): Promise<FarEnd> {
  const standIn = await new LiveKitStandIn({ now: () => Date.now() }).listen();
  t.after(() => standIn.close());
  standIn.webhookUrl = `http://127.0.0.1:${port}/webhook/livekit`;
  standIn.next = "hangs";
  const taken = new Promise<void>((resolve) => void (standIn.onTaken = () => resolve()));
  return {
    line: { carrier: "livekit", caller_id: STAND_IN_NUMBER, settings: standIn.settings },
    posts: () => standIn.posts,
    taken,
    finish: async () => {
      assert.deepEqual(standIn.faults, []);
      const [call] = standIn.calls;
      assert.ok(call !== undefined);
      standIn.move(call, "ringing");
      const joined = standIn.joined(call);
      call.status = "hangup";
      const left = standIn.event("participant_left", call, DisconnectReason.CLIENT_INITIATED);
      standIn.move(call, "active");
      standIn.onShown = () => void standIn.leave(call, DisconnectReason.CLIENT_INITIATED);
      return [joined, left];
    },
  };
}

async function httpEnd(t: TestContext): Promise<FarEnd> {
  let posts = 0;
  let isOver = false;
  let callbackUrl = "";
  let wake = (): void => undefined;
  const taken = new Promise<void>((resolve) => void (wake = resolve));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "POST") {
        posts += 1;
        callbackUrl = (JSON.parse(Buffer.concat(chunks).toString()) as { callback_url: string }).callback_url;
        return wake();
      }
      const known = { id: "far-1", status: isOver ? "completed" : "accepted", answered_by: "human" };
      response.end(JSON.stringify(posts === 0 ? { status: "absent" } : known));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/calls`;
  return {
    line: {
      carrier: "http",
      settings: { url, allow_private: true, lookup_url: `${url}/{{attempt_key}}` },
    },
    posts: () => posts,
    taken,
    finish: () => {
      isOver = true;
      return ["accepted", "ringing", "answered", "completed"].map((status, sequence) => ({
        url: callbackUrl,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ status, sequence, id: `m${sequence}`, answered_by: "human" }),
      }));
    },
  };
}

const carriers = { http: httpEnd, twilio: twilioEnd, livekit: livekitEnd } as const;
const stories = [
  "its reports come while nobody is there",
  "its reports come after the restart, twice and in reverse",
] as const;
for (const [name, open] of Object.entries(carriers)) {
  for (const story of stories) {
    test(`${name}: killed between acceptance and answer, a call rings once and ends as it did: ${story}`, async (t) => {
      const folder = folderFor(t);
      const port = await freePort();
      const far = await open(t, port);
      const first = await serve(t, folder, port);
      const to = "+12125550142";
      await ask(`${first.url}/v1/live/numbers`, "POST", { to });
      await ask(`${first.url}/v1/lines`, "POST", { name: "far", hours: "always", ...far.line });
      const { id } = await ask<{ id: string }>(`${first.url}/v1/calls`, "POST", { to, line: "far" });
      await far.taken;
      first.child.kill("SIGKILL");
      await first.ended;

      const isLost = story === stories[0];
      if (isLost) for (const message of await far.finish()) await assert.rejects(send(message));
      const second = await serve(t, folder, port);
      if (!isLost) {
        const messages = (await far.finish()).toReversed();
        for (const message of [...messages, ...messages]) assert.ok((await send(message)).ok);
      }
      const call = await ended(second, id);
      assert.deepEqual([call.status, call.attempts], ["completed", 1]);
      assert.match(call.outcome ?? "", /^answered_/);
      assert.equal(far.posts(), 1);
    });
  }
}

function send({ url, headers, body }: Message): Promise<Response> {
  return fetch(url, { method: "POST", headers, body });
}

type Call = { readonly status: string; readonly attempts: number; readonly outcome: string | null };

async function ended(server: Server, id: string): Promise<Call> {
  for (let tries = 0; ; tries += 1) {
    const call = await ask<Call>(`${server.url}/v1/calls/${id}`);
    if (["completed", "failed", "needs_review"].includes(call.status) || tries >= 400) return call;
    await wait(100);
  }
}
