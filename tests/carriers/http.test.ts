import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { http } from "../../src/carriers/http/kind.ts";
import { DEFAULT_REFUSED_STATUSES } from "../../src/carriers/http/settings.ts";
import { openFetch } from "../../src/system/fetch.ts";
import type { Callback, CallbackReading, PlaceAnswer, Report } from "../../src/ports/carrier.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { carrierContract, lookupOf, orderOf, portsOf } from "./contract.ts";

carrierContract("http", async () => {
  const bench = await openBench();
  const delivered: { attemptKey: string; report: Report }[] = [];
  return {
    ...bench,
    delivered,
    settingsFor: (behaviour) => {
      bench.backend.create = {
        takes: TAKES,
        takes_twice: TAKES,
        takes_reversed: TAKES,
        refuses: (answer: ServerResponse) => void answer.writeHead(503).end(),
        limits: (answer: ServerResponse) => void answer.writeHead(429, { "retry-after": "5" }).end(),
        loses_answer: (answer: ServerResponse) => void answer.destroy(),
      }[behaviour];
      return Promise.resolve({ ...bench.settings, refused_statuses: [429, 503] });
    },
    finish: (attemptKey, callbacks) => {
      const bodies = [
        { status: "ringing", sequence: 1, id: "m1" },
        { status: "answered", sequence: 2, id: "m2", answered_by: "human" },
        { status: "completed", sequence: 3, id: "m3", answered_by: "human", duration_seconds: 18.2 },
      ];
      const order = {
        prompt: bodies,
        twice: bodies.flatMap((body) => [body, body]),
        reversed: bodies.toReversed(),
      };
      for (const body of order[callbacks]) {
        for (const report of reportsOf(read(body))) delivered.push({ attemptKey, report });
      }
      return Promise.resolve();
    },
  };
});

type Case = readonly [string, (answer: ServerResponse, request: IncomingMessage) => void, Partial<Shown>];
type Shown = {
  readonly kind: string;
  readonly outcome: string;
  readonly retryAfterMs: number;
  readonly carrierRef: string;
};

const cases: readonly Case[] = [
  ["callId in the answer", json(200, { callId: "c-1" }), { kind: "accepted", carrierRef: "c-1" }],
  ["id in the answer", json(201, { id: 17 }), { kind: "accepted", carrierRef: "17" }],
  ["no id in the answer", json(200, { ok: true }), { kind: "unknown" }],
  ["an id that is no text", json(200, { callId: { a: 1 } }), { kind: "unknown" }],
  ["an empty 200", (answer) => void answer.end(), { kind: "unknown" }],
  ["garbage with 200", (answer) => void answer.end("<html>busy</html>"), { kind: "unknown" }],
  ["a reset", (answer) => void answer.socket?.resetAndDestroy(), { kind: "unknown" }],
  ["a close without answer", (answer) => void answer.destroy(), { kind: "unknown" }],
  ["a redirect", (answer) => void answer.writeHead(307, { location: "/calls" }).end(), { kind: "unknown" }],
  ["500", status(500), { kind: "unknown" }],
  ["502", status(502), { kind: "unknown" }],
  ["503", status(503), { kind: "unknown" }],
  ["504", status(504), { kind: "unknown" }],
  ["408", status(408), { kind: "unknown" }],
  ["425", status(425), { kind: "unknown" }],
  ["429 with seconds", status(429, { "retry-after": "7" }), { kind: "refused", retryAfterMs: 7_000 }],
  [
    "429 with a date",
    status(429, { "retry-after": "Tue, 01 Dec 2026 15:00:20 GMT" }),
    { kind: "refused", retryAfterMs: 20_000 },
  ],
  ["429 without Retry-After", status(429), { kind: "refused", retryAfterMs: 10_000 }],
  ["429 with a year of Retry-After", status(429, { "retry-after": "31536000" }), { retryAfterMs: 3_600_000 }],
  [
    "422 that names an outcome",
    json(422, { outcome: "invalid_number" }),
    { kind: "refused", outcome: "invalid_number" },
  ],
  [
    "422 that claims an answer",
    json(422, { outcome: "answered_human" }),
    { kind: "refused", outcome: "carrier_error" },
  ],
  ...DEFAULT_REFUSED_STATUSES.filter((code) => code !== 429).map((code): Case => [
    String(code),
    status(code),
    { kind: "refused", outcome: "carrier_error" },
  ]),
];
for (const [text, create, wanted] of cases) {
  void test(`http: ${text} is ${wanted.kind ?? "refused"}, after exactly one request`, async () => {
    await withBench(async (bench) => {
      bench.backend.create = create;
      assertShows(await bench.carrier.place(orderOf({ settings: bench.settings })), wanted);
      assert.equal(bench.created(), 1);
    });
  });
}

void test("http: a time-out is unknown, after exactly one request", async () => {
  await withBench(async (bench) => {
    bench.backend.create = () => bench.timeOut();
    assertShows(await bench.carrier.place(orderOf({ settings: bench.settings })), { kind: "unknown" });
    assert.equal(bench.created(), 1);
  });
});

void test("http: a backend that is not there refuses, certainly not placed", async () => {
  await withBench(async (bench) => {
    await bench.stop();
    const answer = await bench.carrier.place(orderOf({ settings: bench.settings }));
    assertShows(answer, { kind: "refused", outcome: "not_placed" });
  });
});

void test("http: a private address needs allow_private, whatever the name says", async () => {
  await withBench(async (bench) => {
    const settings = { url: bench.settings.url.replace("http:", "https:") };
    assertShows(await bench.carrier.place(orderOf({ settings })), { kind: "refused", outcome: "not_placed" });
    assert.equal(bench.created(), 0);
  });
});

void test("http: by default the backend gets everything it needs", async () => {
  await withBench(async (bench) => {
    const order = orderOf({
      settings: { ...bench.settings, headers: { Authorization: "Bearer t" } },
      metadata: { a: 1 },
    });
    await bench.carrier.place(order);
    assert.deepEqual(JSON.parse(bench.backend.body), {
      to: order.to,
      from: order.from,
      call_id: "call_1",
      attempt_id: "att_1",
      attempt_key: "key-1",
      attempt_number: 1,
      callback_url: order.callbackUrl,
      purpose: "reminder",
      metadata: { a: 1 },
      ring_timeout_seconds: 30,
      max_duration_seconds: 3600,
    });
    const { headers } = bench.backend;
    assert.deepEqual(
      [
        headers["authorization"],
        headers["carillon-attempt-key"],
        headers["carillon-call-id"],
        headers["content-type"],
      ],
      ["Bearer t", "key-1", "call_1", "application/json"],
    );
  });
});

void test("http: a body template keeps types, fills text, and cannot be broken by what it is filled with", async () => {
  await withBench(async (bench) => {
    const body = {
      n: "{{attempt_number}}",
      text: "Call {{ to }} about {{metadata.pet.name}}{{metadata.missing}}",
      missing: "{{metadata.missing}}",
      inherited: "{{metadata.constructor}}",
      list: [true, null, 2, "{{metadata.pet}}"],
    };
    const pet = { name: '"}{{from}}' };
    await bench.carrier.place(orderOf({ settings: { ...bench.settings, body }, metadata: { pet } }));
    assert.deepEqual(JSON.parse(bench.backend.body), {
      n: 1,
      text: 'Call +12125550199 about "}{{from}}',
      missing: null,
      inherited: null,
      list: [true, null, 2, pet],
    });
  });
});

const atOnce: readonly (readonly [unknown, Record<string, unknown>, string, string | undefined])[] = [
  [{ id: "x" }, {}, "answered_unknown", undefined],
  [{ result: { o: "busy" } }, { outcome_path: "result.o" }, "busy", undefined],
  [
    { o: "Completed", d: "confirmed" },
    { outcome_path: "o", disposition_path: "d" },
    "answered_unknown",
    "confirmed",
  ],
  [
    { o: "answered_machine", d: "Left message" },
    { outcome_path: "o", disposition_path: "d" },
    "answered_machine",
    "left_message",
  ],
  [{}, { outcome_path: "o" }, "answered_unknown", undefined],
];
for (const [body, paths, outcome, disposition] of atOnce) {
  void test(`http: complete at once, ${JSON.stringify(body)} is ${outcome}`, async () => {
    await withBench(async (bench) => {
      bench.backend.create = json(200, body);
      const settings = { ...bench.settings, completion: "at_once", ...paths };
      assert.ok(http.parseSettings(settings).ok);
      const answer = await bench.carrier.place(orderOf({ settings }));
      assert.ok(answer.kind === "accepted");
      assert.deepEqual(
        answer.reports.map((report) => [report.kind, report.outcome, report.disposition]),
        [["ended", outcome, disposition]],
      );
    });
  });
}

void test("http: complete at once, an outcome that means nothing is unknown, since the call was made", async () => {
  await withBench(async (bench) => {
    const settings = { ...bench.settings, completion: "at_once", outcome_path: "o" };
    for (const create of [json(200, { o: "splendid" }), (answer: ServerResponse) => void answer.end("ok")]) {
      bench.backend.create = create;
      assertShows(await bench.carrier.place(orderOf({ settings })), { kind: "unknown" });
    }
  });
});

void test("http: only the backend's own word makes an attempt absent; a bare 404 or an error does not", async () => {
  await withBench(async (bench) => {
    const lookup = async (answer: Case[1]): Promise<string> => {
      bench.backend.lookup = answer;
      return (await bench.carrier.lookup(lookupOf(orderOf({ settings: bench.settings })))).kind;
    };
    assert.equal(await lookup(json(200, { status: "absent" })), "absent");
    assert.equal(await lookup(json(404, { status: "absent" })), "absent");
    assert.equal(await lookup(status(404)), "unavailable");
    assert.equal(await lookup(status(500)), "unavailable");
    assert.equal(await lookup(json(200, { status: "dancing" })), "unavailable");
    assert.equal(await lookup((answer) => void answer.destroy()), "unavailable");
    assert.equal(await lookup(json(200, { status: "in-progress", id: "x" })), "found");
    assert.equal(bench.created(), 0);
  });
});

void test("http: a line without lookup_url or hang_up_url says so, and a needed id that is missing is not made up", async () => {
  await withBench(async (bench) => {
    const { url, allow_private } = bench.settings;
    const bare = orderOf({ settings: { url, allow_private } });
    assert.equal((await bench.carrier.lookup(lookupOf(bare))).kind, "unavailable");
    assert.equal(await bench.carrier.hangUp(lookupOf(bare)), false);
    const byRef = orderOf({ settings: { url, allow_private, lookup_url: `${url}/{{carrier_ref}}` } });
    assert.equal((await bench.carrier.lookup(lookupOf(byRef))).kind, "unavailable");
    await bench.carrier.lookup(lookupOf(byRef, "a/b?c"));
    assert.equal(bench.backend.path, "/calls/a%2Fb%3Fc");
  });
});

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

void test("http: the signature vector of the Standard Webhooks libraries is genuine", () => {
  const body = '{"test": 2432232314}';
  const headers = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const callback = callbackOf(body, headers);
  const secret = { signing_secret: SECRET };
  assert.equal(http.readCallback?.(callback, secret, 1_614_265_330_000).kind, "unreadable");
  assert.equal(
    http.readCallback?.(callbackOf(`${body} `, headers), secret, 1_614_265_330_000).kind,
    "forged",
  );
});

void test("http: with a secret, whatever is not signed now, by it, over these bytes, is forged", () => {
  const now = 1_796_137_200_000;
  const body = JSON.stringify({ status: "ringing" });
  const seconds = String(now / 1000);
  const good = { id: "msg_1", timestamp: seconds, body, secret: SECRET };
  const kind = (
    signed: Partial<typeof good>,
    headers: Record<string, string | undefined> = {},
    sent = body,
  ): string => {
    const all = { ...good, ...signed };
    const callback = callbackOf(sent, { ...sign(all), ...headers });
    return http.readCallback?.(callback, { signing_secret: SECRET }, now).kind ?? "";
  };
  assert.equal(kind({}), "reports");
  assert.equal(kind({ timestamp: String(now / 1000 - 299) }), "reports");
  const rotated = `v1,${Buffer.alloc(32).toString("base64")} v2,x ${sign(good)["webhook-signature"]}`;
  assert.equal(kind({}, { "webhook-signature": rotated }), "reports");

  assert.equal(kind({ timestamp: String(now / 1000 - 301) }), "forged");
  assert.equal(kind({ timestamp: String(now / 1000 + 301) }), "forged");
  assert.equal(kind({ timestamp: "now" }), "forged");
  assert.equal(kind({ secret: "whsec_c29tZSBvdGhlciBzZWNyZXQgb2YgMjRieXRlcw==" }), "forged");
  assert.equal(kind({}, {}, body.replace("ringing", "completed")), "forged");
  assert.equal(kind({}, { "webhook-id": "msg_2" }), "forged");
  assert.equal(kind({ id: "msg.1" }), "forged");
  assert.equal(kind({}, { "webhook-signature": "v1," }), "forged");
  assert.equal(kind({}, { "webhook-signature": "" }), "forged");
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    assert.equal(kind({}, { [name]: undefined }), "forged", name);
  }
});

const callbacks: readonly (readonly [Record<string, unknown>, Partial<Report>])[] = [
  [{ status: "accepted" }, { kind: "accepted" }],
  [{ status: "Ringing" }, { kind: "ringing" }],
  [
    { status: "in-progress", answered_by: "machine" },
    { kind: "answered", answeredBy: "machine" },
  ],
  [{ status: "completed" }, { kind: "ended", outcome: "answered_unknown" }],
  [{ status: "completed", answered_by: "human" }, { outcome: "answered_human" }],
  [{ status: "completed", answered_by: "machine" }, { outcome: "answered_machine" }],
  [{ status: "completed", outcome: "blocked" }, { outcome: "blocked" }],
  [{ status: "busy" }, { kind: "ended", outcome: "busy" }],
  [{ status: "no-answer" }, { outcome: "no_answer" }],
  [{ status: "declined" }, { outcome: "declined" }],
  [
    { status: "failed", detail: "call to +12125550199 failed: 486" },
    { outcome: "carrier_error", detail: "call to [number] failed: 486" },
  ],
  [{ status: "not_placed" }, { outcome: "not_placed" }],
  [{ status: "cancelled" }, { outcome: "no_answer" }],
  [{ status: "completed", disposition: "renewal_agreed" }, { disposition: "renewal_agreed" }],
  [{ status: "completed", disposition: "Very happy" }, { disposition: "custom:very_happy" }],
  [{ status: "ringing", at: "2026-12-01T15:30:00+01:00" }, { at: 1_796_135_400_000 }],
  [{ status: "ringing", at: "2026-12-01T15:00:05Z" }, { at: 1_796_137_200_000 }],
  [
    { status: "completed", duration_seconds: 18.25, sequence: 3, extra: { ignored: true } },
    { durationMs: 18_250, sequence: 3 },
  ],
];
for (const [body, wanted] of callbacks) {
  void test(`http: the callback ${JSON.stringify(body)} is read`, () => {
    const [report] = reportsOf(read(body));
    const names = Object.keys(wanted) as (keyof Report)[];
    assert.deepEqual(Object.fromEntries(names.map((name) => [name, report?.[name]])), wanted);
  });
}

const unreadable: readonly unknown[] = [
  "text",
  [],
  null,
  {},
  { status: "dancing" },
  { status: "toString" },
  { status: 7 },
  { status: "completed", outcome: "splendid" },
  { status: "answered", answered_by: "dog" },
  { status: "completed", disposition: "x".repeat(60) },
  { status: "completed", disposition: { a: 1 } },
  { status: "ringing", at: "yesterday" },
  { status: "ringing", at: "2026-12-01T10:00:00" },
  { status: "ringing", at: "2026-13-01T10:00:00Z" },
  { status: "ringing", sequence: -1 },
  { status: "ringing", sequence: 1.5 },
  { status: "completed", duration_seconds: -1 },
  { status: "completed", duration_seconds: "18" },
  { status: "ringing", id: "" },
  { status: "ringing", id: 5 },
];
for (const body of unreadable) {
  void test(`http: the callback ${JSON.stringify(body)} is unreadable`, () => {
    assert.equal(read(body).kind, "unreadable");
  });
}

void test("http: a callback sent again has the same key, with an id, a signed message id, or neither", () => {
  const key = (body: Record<string, unknown>, headers = {}): string | undefined =>
    reportsOf(http.readCallback?.(callbackOf(JSON.stringify(body), headers), {}, body["now"] as number))[0]
      ?.key;
  assert.equal(key({ status: "ringing", id: "m1", now: 1 }), key({ status: "ringing", id: "m1", now: 2 }));
  assert.equal(key({ status: "ringing", now: 1 }, { "webhook-id": "w1" }), "id:w1");
  assert.equal(key({ status: "ringing", now: 1 }), key({ status: "ringing", now: 2 }));
  assert.notEqual(key({ status: "ringing", now: 1 }), key({ status: "answered", now: 1 }));
});

void test("http: a callback of another type, not JSON, or too large is unreadable", () => {
  const kind = (body: string, contentType: string): string | undefined =>
    http.readCallback?.({ ...callbackOf(body, {}), contentType }, {}, 0).kind;
  assert.equal(kind('{"status":"ringing"}', "application/json; charset=utf-8"), "reports");
  assert.equal(kind('{"status":"ringing"}', "application/cloudevents+json"), "reports");
  assert.equal(kind('{"status":"ringing"}', "text/plain"), "unreadable");
  assert.equal(kind("{", "application/json"), "unreadable");
  assert.equal(
    kind(JSON.stringify({ status: "ringing", x: "y".repeat(70_000) }), "application/json"),
    "unreadable",
  );
});

const URL_GOOD = "https://voice.example.com/calls";
const wrongSettings: readonly (readonly [Record<string, unknown>, string])[] = [
  [{}, "/url"],
  [{ url: 5 }, "/url"],
  [{ url: "voice.example.com" }, "/url"],
  [{ url: "ftp://voice.example.com" }, "/url"],
  [{ url: "http://voice.example.com" }, "/url"],
  [{ url: "https://localhost/x" }, "/url"],
  [{ url: "https://127.0.0.1/x" }, "/url"],
  [{ url: "https://user:pass@voice.example.com" }, "/url"],
  [{ url: "https://voice.example.com/#x" }, "/url"],
  [{ url: URL_GOOD, colour: 1 }, "/colour"],
  [{ url: URL_GOOD, toString: 1 }, "/toString"],
  [{ url: URL_GOOD, method: "GET" }, "/method"],
  [{ url: URL_GOOD, headers: [] }, "/headers"],
  [{ url: URL_GOOD, headers: { "a b": "c" } }, "/headers/a b"],
  [{ url: URL_GOOD, headers: { A: "b\r\nC: d" } }, "/headers/A"],
  [{ url: URL_GOOD, headers: { Host: "x" } }, "/headers/Host"],
  [{ url: URL_GOOD, headers: { "Carillon-Call-Id": "x" } }, "/headers/Carillon-Call-Id"],
  [{ url: URL_GOOD, body: { a: [1, "{{nobody}}"] } }, "/body/a/1"],
  [{ url: URL_GOOD, body: "{{metadata.}}" }, "/body"],
  [{ url: URL_GOOD, call_id_path: "a..b" }, "/call_id_path"],
  [{ url: URL_GOOD, completion: "later" }, "/completion"],
  [{ url: URL_GOOD, outcome_path: "a" }, "/outcome_path"],
  [{ url: URL_GOOD, refused_statuses: [200] }, "/refused_statuses"],
  [{ url: URL_GOOD, timeout_ms: 10 }, "/timeout_ms"],
  [{ url: URL_GOOD, signing_secret: "short" }, "/signing_secret"],
  [{ url: URL_GOOD, lookup_url: "https://other.example.com/{{attempt_key}}" }, "/lookup_url"],
  [{ url: URL_GOOD, lookup_url: "https://{{to}}.example.com/" }, "/lookup_url"],
  [{ url: "https://x.example.com/calls", lookup_url: "https://{{to}}.example.com/" }, "/lookup_url"],
  [{ url: URL_GOOD, lookup_url: `${URL_GOOD}/{{call_id}}` }, "/lookup_url"],
  [{ url: URL_GOOD, hang_up_url: 5 }, "/hang_up_url"],
  [{ url: URL_GOOD, allow_private: "true" }, "/allow_private"],
];
for (const [input, pointer] of wrongSettings) {
  void test(`http: the settings ${JSON.stringify(input)} are refused at ${pointer}`, () => {
    const check = http.parseSettings(input);
    assert.ok(!check.ok);
    assert.equal(check.pointer, pointer);
  });
}

void test("http: good settings are kept as they are, and secrets are known by name", () => {
  const settings = {
    url: URL_GOOD,
    headers: { Authorization: "Bearer t" },
    body: { phone: "{{to}}" },
    call_id_path: "data.id",
    signing_secret: SECRET,
    lookup_url: "https://voice.example.com/calls/{{attempt_key}}",
    hang_up_url: "https://voice.example.com/calls/{{carrier_ref}}/end?by={{attempt_key}}",
  };
  assert.deepEqual(http.parseSettings(settings), { ok: true, settings });
  assert.ok(http.parseSettings({ url: "http://127.0.0.1:9099/calls", allow_private: true }).ok);
  assert.deepEqual(http.secrets, ["headers", "signing_secret"]);
  assert.equal(http.real, true);
});

function json(code: number, body: unknown): Case[1] {
  return (answer) =>
    void answer.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function status(code: number, headers: Record<string, string> = {}): Case[1] {
  return (answer) => void answer.writeHead(code, headers).end();
}

const TAKES: Case[1] = json(200, { callId: "backend-1" });

function assertShows(answer: PlaceAnswer, wanted: Partial<Shown>): void {
  const all: Record<string, unknown> = answer;
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]])), wanted);
}

function read(body: unknown): CallbackReading {
  const reading = http.readCallback?.(callbackOf(JSON.stringify(body), {}), {}, 1_796_137_200_000);
  assert.ok(reading !== undefined);
  return reading;
}

function reportsOf(reading: CallbackReading | undefined): readonly Report[] {
  assert.ok(reading?.kind === "reports", JSON.stringify(reading));
  return reading.reports;
}

function callbackOf(body: string, headers: Readonly<Record<string, string | undefined>>): Callback {
  return {
    headers,
    rawBody: new TextEncoder().encode(body),
    contentType: "application/json",
    url: "/callbacks/key-1",
    publicUrl: null,
  };
}

function sign(message: {
  id: string;
  timestamp: string;
  body: string;
  secret: string;
}): Record<string, string> {
  const key = Buffer.from(message.secret.slice("whsec_".length), "base64");
  const text = `${message.id}.${message.timestamp}.${message.body}`;
  const signature = createHmac("sha256", key).update(text).digest("base64");
  return {
    "webhook-id": message.id,
    "webhook-timestamp": message.timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}

/** A backend on loopback whose answers a test chooses; it remembers what it took. */
async function openBench() {
  const backend: {
    create: Case[1];
    lookup: Case[1] | null;
    body: string;
    path: string;
    headers: IncomingMessage["headers"];
  } = {
    create: TAKES,
    lookup: null,
    body: "",
    path: "",
    headers: {},
  };
  let created = 0;
  let fireTimer = (): void => undefined;
  const taken = new Map<string, Record<string, unknown>>();
  const server = createServer((request, answer) => {
    void readAll(request).then((body) => {
      const path = (backend.path = request.url ?? "");
      const key = path.split("/")[2] ?? "";
      if (path === "/calls") {
        created += 1;
        backend.body = body;
        backend.headers = request.headers;
        backend.create(answer, request);
        const isTaken = answer.statusCode < 300;
        if (isTaken)
          taken.set(String(request.headers["carillon-attempt-key"]), { status: "ringing", id: "backend-1" });
        return;
      }
      if (backend.lookup !== null) return backend.lookup(answer, request);
      if (path === "/") return json(404, {})(answer, request);
      const call = taken.get(key);
      if (request.method === "POST" && call !== undefined)
        taken.set(key, { status: "completed", answered_by: "human" });
      return json(200, call ?? { status: "absent" })(answer, request);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new FakeClock();
  const arm = (_: number, wake: () => void): { cancel(): void } => {
    fireTimer = wake;
    return { cancel() {} };
  };
  const { ports } = portsOf({ clock, fetch: openFetch({ clock, arm }) });
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    carrier: http.connect(ports),
    clock,
    backend,
    settings: {
      url: `${origin}/calls`,
      allow_private: true,
      lookup_url: `${origin}/calls/{{attempt_key}}`,
      hang_up_url: `${origin}/calls/{{attempt_key}}/end`,
    },
    created: () => created,
    timeOut: () => fireTimer(),
    stop,
    close: stop,
  };
}

async function withBench(
  run: (bench: Awaited<ReturnType<typeof openBench>>) => Promise<void>,
): Promise<void> {
  const bench = await openBench();
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
