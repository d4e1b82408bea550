import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { type Server, connect, createServer as createNetServer } from "node:net";
import { type TestContext, test } from "node:test";

import { CannotListen } from "../../src/server/listeners.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

/** Opens the live stream and gives its text piece by piece. */
async function follow(port: number, path = "/v1/events/stream", headers: Record<string, string> = {}) {
  const asked = httpRequest({ host: "127.0.0.1", port, path, headers });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.setEncoding("utf8");
  let text = "";
  response.on("data", (piece: string) => {
    text += piece;
  });
  const ended = new Promise<void>((resolve) => response.once("close", () => resolve()));
  const arrived = async (wanted: string): Promise<string> => {
    while (!text.includes(wanted)) await once(response, "data");
    return text;
  };
  return { response, arrived, ended, all: () => text };
}

async function listen(t: TestContext, config: Parameters<typeof startTestServer>[0] = {}) {
  const started = await startTestServer(config);
  const port = await started.server.listen();
  t.after(() => started.server.close());
  return { ...started, port };
}

async function takenPort(t: TestContext): Promise<number> {
  const other: Server = createNetServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const address = other.address();
  assert(typeof address === "object" && address !== null);
  return address.port;
}

test("the stream tells what happens from now on", async (t) => {
  const { engine, port } = await listen(t);
  engine.emit("call.scheduled");
  const stream = await follow(port);
  assert.equal(stream.response.headers["content-type"], "text/event-stream; charset=utf-8");
  assert.equal(stream.response.headers["x-accel-buffering"], "no");
  await stream.arrived("retry: 1000");
  engine.emit("call.canceled");
  const text = await stream.arrived("id: 2\n");
  await stream.arrived('"cursor":"2"');
  assert.match(stream.all(), /id: 2\nevent: call\.canceled\ndata: \{"id":"evt_2"/);
  assert.doesNotMatch(text, /id: 1\n/);
  stream.response.destroy();
});

test("Last-Event-ID goes on where the client was cut off, without a gap or a repetition", async (t) => {
  const { engine, port } = await listen(t);
  for (let i = 0; i < 450; i += 1) engine.emit("call.scheduled");
  const stream = await follow(port, "/v1/stream", { "last-event-id": "3" });
  await stream.arrived("id: 450\n");
  const ids = [...stream.all().matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
  assert.deepEqual(
    ids,
    Array.from({ length: 447 }, (_, i) => i + 4),
  );
  stream.response.destroy();
});

test("a stream of some types leaves out the others", async (t) => {
  const { engine, port } = await listen(t);
  const stream = await follow(port, "/v1/events/stream?type=b&after=0");
  await stream.arrived("retry");
  engine.emit("a");
  engine.emit("b");
  await stream.arrived("event: b");
  assert.doesNotMatch(stream.all(), /event: a/);
  stream.response.destroy();
});

test("a quiet stream gets a comment every 15 seconds", async (t) => {
  const { clock, port } = await listen(t);
  const stream = await follow(port);
  await stream.arrived("retry");
  await clock.advance(15_000);
  await stream.arrived(": still here");
  stream.response.destroy();
});

test("a cursor that is none of ours is refused before the stream begins", async (t) => {
  const { port } = await listen(t);
  const stream = await follow(port, "/v1/events/stream", { "last-event-id": "junk" });
  assert.equal(stream.response.statusCode, 400);
});

test("there are no more streams than allowed, and one that closes makes room", async (t) => {
  const { port, engine } = await listen(t, { streamsMax: 1 });
  const first = await follow(port);
  await first.arrived("retry");
  assert.equal((await follow(port)).response.statusCode, 429);
  first.response.destroy();
  await waitUntil(() => engine.listeners() === 0);
  assert.equal((await follow(port)).response.statusCode, 200);
});

test("a stream ends when its key is revoked", async (t) => {
  const { port, engine, clock } = await listen(t);
  engine.keys.set("car_a", { actor: { workspaceId: 1, name: "a" }, scopes: ["*"], keyId: "key_1" });
  engine.keys.set("car_b", { actor: { workspaceId: 1, name: "b" }, scopes: ["*"], keyId: "key_2" });
  await clock.advance(1000);
  const stream = await follow(port, "/v1/stream", { authorization: "Bearer car_a" });
  await stream.arrived("retry");
  engine.keys.delete("car_a");
  engine.emit("call.scheduled");
  await stream.ended;
  assert.doesNotMatch(stream.all(), /call\.scheduled/);
});

test("closing ends streams, finishes what runs, and then takes nothing more", async () => {
  const { server, engine } = await startTestServer();
  const port = await server.listen();
  const stream = await follow(port);
  await stream.arrived("retry");
  const running = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const { schedule } = engine;
  engine.schedule = async (...parameters) => {
    entered.resolve();
    await running.promise;
    return await schedule(...parameters);
  };
  const answer = fetch(`http://127.0.0.1:${port}/v1/calls`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ to: "+12125550100" }),
  });
  await entered.promise;
  const closed = server.close();
  await stream.ended;
  running.resolve();
  assert.equal((await answer).status, 201);
  await (await answer).text();
  await closed;
  await assert.rejects(fetch(`http://127.0.0.1:${port}/livez`));
});

test("what still runs after the time is cut off", async () => {
  const { server, engine, clock } = await startTestServer();
  const port = await server.listen();
  const entered = Promise.withResolvers<void>();
  engine.schedule = () => {
    entered.resolve();
    return new Promise(() => {});
  };
  const answer = fetch(`http://127.0.0.1:${port}/v1/calls`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ to: "+12125550100" }),
  });
  await entered.promise;
  const closed = server.close(5000);
  const rejected = assert.rejects(answer);
  await clock.advance(5000);
  await closed;
  await rejected;
});

test("extra ports serve the same; one that is taken is a warning", async (t) => {
  const taken = await takenPort(t);
  const { port, logged } = await listen(t, { extraPorts: [taken] });
  assert.equal((await fetch(`http://127.0.0.1:${port}/livez`)).status, 200);
  assert.equal(logged.find((line) => line.level === "warn")?.fields.port, taken);
});

test("a main port that is taken is an error that says what to do", async (t) => {
  const port = await takenPort(t);
  const { server } = await startTestServer({ port });
  const error = await refusalToListen(server);
  assert.equal(error.reason, "port_taken");
  assert.match(error.message, new RegExp(`${port} is taken.*PORT`));
});

test("off loopback it refuses to listen until there is a key", async () => {
  const { server, engine } = await startTestServer({ host: "0.0.0.0" });
  const error = await refusalToListen(server);
  assert.equal(error.reason, "no_keys");
  assert.match(error.message, /carillon keys create/);
  engine.keys.set("car_a", { actor: { workspaceId: 1, name: "a" }, scopes: ["*"], keyId: "key_1" });
  const port = await server.listen();
  assert.equal((await fetch(`http://127.0.0.1:${port}/v1/calls`)).status, 401);
  await server.close();
});

test("what is no HTTP gets a 400 and no more", async (t) => {
  const { port } = await listen(t);
  const socket = connect(port, "127.0.0.1");
  socket.end("GARBAGE\r\n\r\n");
  const [piece] = (await once(socket, "data")) as [Buffer];
  assert.match(piece.toString(), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("a body that is too large is refused over a socket too, before it has all arrived", async (t) => {
  const { port, engine } = await listen(t);
  const answer = await fetch(`http://127.0.0.1:${port}/v1/calls`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ to: "x".repeat(1_000_000) }),
  });
  assert.equal(answer.status, 413);
  assert.deepEqual(engine.writes, []);
});

async function refusalToListen(server: TestServer["server"]): Promise<CannotListen> {
  try {
    await server.listen();
  } catch (error) {
    assert(error instanceof CannotListen);
    return error;
  }
  assert.fail("it listens");
}

/** Lets the event loop turn until something is so. */
async function waitUntil(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns += 1) {
    assert.ok(turns < 100_000, "it never came");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
