// A voice backend in one file: it takes a call by POST, pretends to make it, and reports how it went.
// Run it with: node examples/http-backend/backend.ts
import { createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

const port = Number(process.env["PORT"] ?? 9099);
const secret = process.env["SIGNING_SECRET"];

/** What the call becomes: when it happens after the request (ms), and what is told. */
const story = [
  { afterMs: 300, status: "ringing" },
  { afterMs: 600, status: "answered", answered_by: "human" },
  {
    afterMs: 900,
    status: "completed",
    answered_by: "human",
    disposition: "confirmed",
    duration_seconds: 0.3,
  },
];

/** What was last told of each attempt, for lookups. */
const calls = new Map<string, Record<string, unknown>>();

const server = createServer((request, answer) => {
  void answerTo(request).then(({ status, body }) =>
    answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
  );
});

server.listen(port, "127.0.0.1", () => {
  const address = server.address();
  console.log(
    `Backend at http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}/calls`,
  );
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));

async function answerTo(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  const { method, url = "" } = request;
  if (method === "GET" && url.startsWith("/calls/")) {
    return { status: 200, body: calls.get(decodeURIComponent(url.slice(7))) ?? { status: "absent" } };
  }
  if (method !== "POST" || url !== "/calls")
    return { status: 404, body: { error: "POST /calls makes a call." } };
  const order = await readJson(request);
  if (typeof order?.["to"] !== "string") return { status: 422, body: { error: "to is missing." } };
  const callId = randomUUID();
  console.log(`${callId}: calling ${order["to"]}`);
  calls.set(String(order["attempt_key"]), { status: "accepted", callId });
  void makeCall(callId, order);
  return { status: 201, body: { callId } };
}

async function makeCall(callId: string, order: Record<string, unknown>): Promise<void> {
  const start = Date.now();
  for (const [i, { afterMs, ...said }] of story.entries()) {
    await wait(start + afterMs - Date.now());
    const report = { ...said, id: `${callId}:${i}`, sequence: i, at: new Date().toISOString(), callId };
    calls.set(String(order["attempt_key"]), report);
    if (typeof order["callback_url"] === "string") await tell(order["callback_url"], report);
  }
}

/** Sends one report; a real backend would try again until it is taken. Reports sent twice do no harm. */
async function tell(url: string, report: { readonly id: string; readonly status: string }): Promise<void> {
  const body = JSON.stringify(report);
  const signed = secret === undefined ? {} : sign(report.id, body, secret);
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...signed },
      body,
    });
    console.log(`${report.id}: told ${report.status}, HTTP ${answer.status}`);
  } catch (error) {
    console.log(`${report.id}: could not tell ${report.status}: ${String(error)}`);
  }
}

/** Standard Webhooks: HMAC-SHA-256 of id.timestamp.body, as base64. */
function sign(id: string, body: string, key: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const bytes = key.startsWith("whsec_") ? Buffer.from(key.slice(6), "base64") : Buffer.from(key);
  const signature = createHmac("sha256", bytes).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>;
  } catch {
    return null;
  }
}
