import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { test } from "node:test";
import { isAddressAllowed } from "../../src/system/address.ts";
import { ANSWER_BYTES_MAX, openFetch } from "../../src/system/fetch.ts";
import type { Resolve } from "../../src/system/fetch.ts";
import type { OutsideAnswer, OutsideRequest } from "../../src/ports/carrier.ts";

const PUBLIC = "93.184.216.34";

/** URLs that must never lead to a connection; the resolver gives what stands beside them. */
const forbidden: readonly (readonly [string, readonly string[]])[] = [
  ["https://127.1/", []],
  ["https://127.0.0.1/", []],
  ["https://0x7f.1/", []],
  ["https://2130706433/", []],
  ["https://0177.0.0.1/", []],
  ["https://①②⑦.⓪.⓪.①/", []],
  ["https://127.0.0.1./", []],
  ["https://0/", []],
  ["https://１６９.２５４.169.254/", []],
  ["https://0xa9fea9fe/", []],
  ["https://10.0.0.1/", []],
  ["https://100.64.0.1/", []],
  ["https://172.31.255.255/", []],
  ["https://192.168.1.1/", []],
  ["https://198.18.0.1/", []],
  ["https://192.0.2.1/", []],
  ["https://224.0.0.1/", []],
  ["https://240.0.0.1/", []],
  ["https://255.255.255.255/", []],
  ["https://[::]/", []],
  ["https://[::1]/", []],
  ["https://[::ffff:127.0.0.1]/", []],
  ["https://[::ffff:7f00:1]/", []],
  ["https://[::127.0.0.1]/", []],
  ["https://[64:ff9b::7f00:1]/", []],
  ["https://[64:ff9b:1::808:808]/", []],
  ["https://[2002:7f00:1::]/", []],
  ["https://[2001:0:7f00:1::]/", []],
  ["https://[::ffff:0:7f00:1]/", []],
  ["https://[fc00::1]/", []],
  ["https://[fe80::1]/", []],
  ["https://[fe80::1%25eth0]/", []],
  ["https://[ff02::1]/", []],
  ["https://[4000::1]/", []],
  ["https://[2001:db8::1]/", []],
  ["https://localhost/", ["127.0.0.1"]],
  ["https://localhost./", ["127.0.0.1", "::1"]],
  ["https://169.254.169.254.nip.io/", ["169.254.169.254"]],
  ["https://mixed.example/", [PUBLIC, "10.0.0.1"]],
  ["https://mapped.example/", ["::ffff:10.0.0.1"]],
  ["https://empty.example/", []],
  ["https://127.0.0.1:443@evil.example/", [PUBLIC]],
  ["https://user@evil.example/", [PUBLIC]],
  ["http://plain.example/", [PUBLIC]],
  ["ftp://files.example/", [PUBLIC]],
  ["file:///etc/passwd", []],
  ["javascript:alert(1)", []],
  ["//no-scheme.example/", []],
  ["", []],
];

for (const [url, addresses] of forbidden) {
  void test(`never connects: ${url} ${addresses.join(" ")}`, async () => {
    const answer = await openFetch({ clock: AT_ZERO, resolve: resolvingTo(addresses), arm: never })(
      requestOf({ url, allowPrivate: false }),
    );
    assert.ok(answer.kind === "not_sent");
    // Refused by a rule of ours, not by a machine that was asked.
    assert.match(answer.detail, /public Internet|https:|user name|cannot be read|no address/);
  });
}

void test("with private addresses allowed, link-local, multicast and reserved ones are still not", () => {
  for (const address of [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    PUBLIC,
  ]) {
    assert.equal(isAddressAllowed(address, true), true, address);
  }
  for (const address of [
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "240.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "x",
    "",
  ]) {
    assert.equal(isAddressAllowed(address, true), false, address);
  }
  for (const address of [PUBLIC, "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]) {
    assert.equal(isAddressAllowed(address, false), true, address);
  }
});

void test("a name is looked up again for every request, so that a second answer cannot be smuggled in", async () => {
  const answers = [["127.0.0.1"], ["169.254.169.254"]];
  let asked = 0;
  const resolve: Resolve = (host, done) => resolvingTo(answers[asked++] ?? [])(host, done);
  await withServer(
    (socket) => socket.end(OK),
    async (server) => {
      const fetch = openFetch({ clock: AT_ZERO, resolve, arm: never });
      const url = `http://rebinding.example:${server.port}/`;
      assert.equal((await fetch(requestOf({ url }))).kind, "answer");
      assert.equal((await fetch(requestOf({ url }))).kind, "not_sent");
      assert.equal(server.requests(), 1);
      assert.equal(asked, 2);
    },
  );
});

void test("an answer comes with its status, its headers in lower case and its body", async () => {
  const response = "HTTP/1.1 201 Created\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 2\r\n\r\nhi";
  await withServer(
    (socket) => socket.end(response),
    async (server) => {
      const answer = await exchange(server);
      assert.ok(answer.kind === "answer");
      assert.deepEqual([answer.status, answer.headers["x-two"], answer.body], [201, "a, b", "hi"]);
    },
  );
});

void test("every request has a connection of its own, which is closed afterwards", async () => {
  await withServer(
    (socket) => socket.write("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"),
    async (server) => {
      for (let i = 0; i < 3; i++) assert.equal((await exchange(server)).kind, "answer");
      assert.equal(server.connections(), 3);
      assert.match(server.lastRequest(), /connection: close/i);
    },
  );
});

for (const status of [301, 302, 303, 307, 308]) {
  void test(`a redirect (${status}) is an answer, and nobody follows it`, async () => {
    await withServer(
      (socket) => socket.end(`HTTP/1.1 ${status} Elsewhere\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n`),
      async (server) => {
        const answer = await exchange(server);
        assert.ok(answer.kind === "answer" && answer.status === status);
        assert.equal(server.requests(), 1);
      },
    );
  });
}

const failures: readonly (readonly [string, (socket: Socket) => void])[] = [
  ["the connection is reset after the request", (socket) => void socket.resetAndDestroy()],
  ["the connection is closed without an answer", (socket) => void socket.end()],
  ["the answer is not HTTP", (socket) => void socket.end("What?\r\n\r\n")],
  ["the answer breaks off", (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")],
];
for (const [text, behave] of failures) {
  void test(`when ${text}, it is unknown, and sent once`, async () => {
    await withServer(behave, async (server) => {
      assert.equal((await exchange(server)).kind, "unknown");
      assert.equal(server.requests(), 1);
      assert.equal(server.connections(), 1);
    });
  });
}

void test("a time-out after the request left is unknown; one before it did is not sent", async () => {
  const timer = manualTimer();
  await withServer(
    // The request has arrived: now its time is over.
    () => timer.fire(),
    async (server) => {
      const answer = await openFetch({ clock: AT_ZERO, arm: timer.arm })(requestOf({ url: server.url }));
      assert.deepEqual(answer, { kind: "unknown", detail: "No answer within 15000 ms." });
      assert.equal(server.requests(), 1);
    },
  );
  const resolve: Resolve = () => timer.fire();
  const late = await openFetch({ clock: AT_ZERO, arm: timer.arm, resolve })(
    requestOf({ url: "https://slow.example/" }),
  );
  assert.equal(late.kind, "not_sent");
});

void test("a refused connection, an unknown name and a failed TLS handshake are certain: nothing was sent", async () => {
  const closed = await closedPort();
  const fetch = openFetch({ clock: AT_ZERO, arm: never });
  const refused = await fetch(requestOf({ url: `http://127.0.0.1:${closed}/` }));
  assert.equal(refused.kind, "not_sent");
  const resolve: Resolve = (_, done) =>
    done(Object.assign(new Error("no such host"), { code: "ENOTFOUND" }), []);
  const unknownName = await openFetch({ clock: AT_ZERO, arm: never, resolve })(
    requestOf({ url: "https://a.example/" }),
  );
  assert.equal(unknownName.kind, "not_sent");
  await withServer(
    (socket) => socket.end("HTTP/1.1 400 This is not TLS\r\n\r\n"),
    async (server) => {
      const answer = await fetch(requestOf({ url: server.url.replace("http:", "https:") }));
      assert.equal(answer.kind, "not_sent");
    },
  );
});

void test("the deadline is judged after connecting, right before the first byte", async () => {
  let now = 99;
  const resolve: Resolve = (_, done) => {
    now = 100;
    done(null, [{ address: "127.0.0.1", family: 4 }]);
  };
  await withServer(
    (socket) => socket.end(OK),
    async (server) => {
      const fetch = openFetch({ clock: { now: () => now }, resolve, arm: never });
      const url = server.url.replace("127.0.0.1", "backend.example");
      const answer = await fetch(requestOf({ url, deadlineAt: 100 }));
      assert.deepEqual(answer, { kind: "not_sent", detail: "The deadline had passed." });
      assert.equal(server.requests(), 0);
      now = 0;
      const resolveNow = resolvingTo(["127.0.0.1"]);
      const inTime = await openFetch({ clock: { now: () => now }, resolve: resolveNow, arm: never })(
        requestOf({ url, deadlineAt: 100 }),
      );
      assert.equal(inTime.kind, "answer");
    },
  );
});

void test("an endless body is cut off at 64 KiB and its connection closed", async () => {
  await withServer(
    (socket) => {
      socket.write("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n");
      const more = (): void => {
        while (!socket.destroyed && socket.write(`4000\r\n${"x".repeat(0x4000)}\r\n`));
      };
      socket.on("drain", more);
      more();
    },
    async (server) => {
      const answer = await exchange(server);
      assert.ok(answer.kind === "answer" && answer.status === 404);
      assert.equal(answer.body.length, ANSWER_BYTES_MAX);
    },
  );
});

void test("a header that would start another one is not sent", async () => {
  await withServer(
    (socket) => socket.end(OK),
    async (server) => {
      const answer = await exchange(server, { headers: { "x-bad": "a\r\nx-evil: b" } });
      assert.equal(answer.kind, "not_sent");
      assert.equal(server.requests(), 0);
    },
  );
});

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const AT_ZERO = { now: () => 0 };
const never = (): { cancel(): void } => ({ cancel() {} });

type Served = {
  readonly url: string;
  readonly port: number;
  requests(): number;
  connections(): number;
  lastRequest(): string;
};

function exchange(server: Served, over: Partial<OutsideRequest> = {}): Promise<OutsideAnswer> {
  return openFetch({ clock: AT_ZERO, arm: never })(requestOf({ url: server.url, ...over }));
}

function requestOf(over: Partial<OutsideRequest> & { readonly url: string }): OutsideRequest {
  return { method: "POST", headers: {}, body: "{}", timeoutMs: 15_000, allowPrivate: true, ...over };
}

function resolvingTo(addresses: readonly string[]): Resolve {
  return (_, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

function manualTimer(): { arm: (ms: number, wake: () => void) => { cancel(): void }; fire: () => void } {
  let armed = (): void => undefined;
  return {
    arm: (_, wake) => {
      armed = wake;
      return { cancel() {} };
    },
    fire: () => armed(),
  };
}

/** A server on loopback that does `behave` once a whole request has arrived. */
async function withServer(
  behave: (socket: Socket) => void,
  run: (server: Served) => Promise<void>,
): Promise<void> {
  const seen = { requests: 0, connections: 0, last: "" };
  const server: Server = createServer((socket) => {
    seen.connections += 1;
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n{}") && !text.startsWith("\x16")) return;
      seen.requests += 1;
      seen.last = text;
      text = "";
      behave(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await run({
      url: `http://127.0.0.1:${port}/`,
      port,
      requests: () => seen.requests,
      connections: () => seen.connections,
      lastRequest: () => seen.last,
    });
  } finally {
    server.close();
  }
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
