import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { OutsideAnswer, OutsideRequest } from "../../src/ports/carrier.ts";
import { isAddressAllowed } from "../../src/system/address.ts";
import {
  ANSWER_BYTES_MAX,
  type FetchParts,
  type Resolve,
  openFetch,
  openUrlCheck,
} from "../../src/system/fetch.ts";
import { certificateFor } from "../support/certificate.ts";

/** How URLs are written to get past a guard that reads them as text, and the host that a URL parser sees. */
const written: readonly (readonly [string, string])[] = [
  ["http://127.1", "127.0.0.1"],
  ["http://0x7f.1", "127.0.0.1"],
  ["http://2130706433", "127.0.0.1"],
  ["http://0177.0.0.1", "127.0.0.1"],
  ["http://①②⑦.⓪.⓪.①", "127.0.0.1"],
  ["http://127.0.0.1.", "127.0.0.1"],
  ["http://0", "0.0.0.0"],
  ["http://１６９.２５４.169.254", "169.254.169.254"],
  ["http://0xa9fea9fe", "169.254.169.254"],
  ["http://[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
  ["http://[::127.0.0.1]", "[::7f00:1]"],
  ["http://[64:ff9b::7f00:1]", "[64:ff9b::7f00:1]"],
  ["http://[64:ff9b:1::7f00:1]", "[64:ff9b:1::7f00:1]"],
  ["http://[2002:7f00:1::]", "[2002:7f00:1::]"],
  ["http://[2001:0:7f00:1::]", "[2001:0:7f00:1::]"],
  ["http://[::ffff:0:127.0.0.1]", "[::ffff:0:7f00:1]"],
  ["http://localhost.", "localhost."],
  ["http://api.localhost", "api.localhost"],
];

for (const [url, host] of written) {
  void test(`is seen through: ${url}`, async () => {
    assert.equal(URL.parse(url)?.hostname, host);
    for (const text of [url, url.replace("http:", "https:")]) {
      assert.notEqual(check(text, false), null, text);
      assert.equal((await fetchFrom(unreached, { url: text, allowPrivate: false })).kind, "not_sent");
    }
  });
}

void test("with private addresses allowed, where machines keep their credentials is still out of reach", () => {
  for (const url of [
    "http://169.254.169.254/",
    "http://0xa9fea9fe/",
    "http://[fe80::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://0/",
    "http://[::]/",
  ])
    assert.notEqual(check(url, true), null, url);
  for (const url of ["http://127.0.0.1:9000/", "http://10.1.2.3/", "http://[::1]:81/", "https://[fd00::1]/"])
    assert.equal(check(url, true), null, url);
});

void test("one parser decides what the host is: user names, backslashes and fragments fool nobody", () => {
  assert.match(check("https://127.0.0.1:443@evil.example/", false) ?? "", /user name/);
  assert.match(check("https://evil.example:pass@hooks.example/", false) ?? "", /user name/);
  assert.equal(URL.parse("https://example.com\\@127.0.0.1/")?.hostname, "example.com");
  assert.match(check("https://hooks.example/#@127.0.0.1", false) ?? "", /fragment/);
  assert.match(check("https://[fe80::1%25eth0]/", false) ?? "", /cannot be read/);
  for (const url of [
    "gopher://hooks.example/",
    "file:///etc/passwd",
    "ftp://hooks.example/",
    "//hooks.example/",
    "",
  ])
    assert.notEqual(check(url, true), null, url);
});

void test("of the public Internet only some ports may be reached", () => {
  for (const url of ["https://hooks.example/", "https://hooks.example:443/", "https://hooks.example:8443/"])
    assert.equal(check(url, false), null, url);
  for (const port of [22, 25, 80, 6379, 9200])
    assert.match(check(`https://hooks.example:${port}/`, false) ?? "", /OUTSIDE_PORTS/);
  assert.equal(openUrlCheck({ ports: [9443] })("https://hooks.example:9443/", false), null);
});

/** Among them what only looks like an address. */
const nobodys = `
  0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.0.1
  172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255
  198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1
  ::8.8.8.8 ::7f00:1 ::ffff:10.0.0.1 ::ffff:0:10.0.0.1 ::ffff:0:8.8.8.8 64:ff9b::10.0.0.1
  64:ff9b:1::8.8.8.8 100::1 2001::1 2001:0:808:808::1 2001:10::1 2001:db8::1 2002:808:808::1 3fff::1
  5f00::1 fc00::1 fdff::1 fe80::1 fec0::1 ff02::1 4000::1 fe80::1%eth0 127.1 0x7f.0.0.1 0177.0.0.1
  2130706433 example.com
`;

void test("every kind of address that is nobody's on the public Internet is refused", () => {
  for (const address of [...nobodys.split(/\s+/), " 8.8.8.8", "8.8.8.8 "])
    assert.equal(isAddressAllowed(address, false), false, address);
  for (const address of ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
    assert.equal(isAddressAllowed(address, false), true, address);
});

void test("this machine's own public addresses are not for others to reach through it", async () => {
  const own = "93.184.216.34";
  const parts = { ownAddresses: () => [own] };
  assert.match(openUrlCheck(parts)(`https://${own}/`, false) ?? "", /public Internet/);
  const answer = await fetchFrom(
    { ...parts, resolve: resolvingTo([own]) },
    { url: "https://hooks.example/" },
  );
  assert.equal(answer.kind, "not_sent");
});

const resolutions: readonly (readonly [string, readonly string[]])[] = [
  ["a name that leads to this machine", ["127.0.0.1"]],
  ["a wildcard name for an inner address", ["169.254.169.254"]],
  ["a name with a public and a private address", ["93.184.216.34", "10.0.0.1"]],
  ["a name with a private and a public address", ["192.168.1.1", "93.184.216.34"]],
  ["a name with a public IPv4 and a local IPv6 address", ["93.184.216.34", "::1"]],
  ["an alias (CNAME) of an inner name", ["172.20.0.5"]],
  ["a name whose IPv6 address carries a private IPv4 one", ["64:ff9b::a00:1"]],
  ["a name without an address", []],
];
for (const [what, addresses] of resolutions) {
  void test(`is refused before anything is sent: ${what}`, async () => {
    const answer = await fetchFrom({ resolve: resolvingTo(addresses) }, { url: "https://hooks.example/" });
    assert.ok(answer.kind === "not_sent");
    assert.match(answer.detail, /public Internet|no address/);
  });
}

void test("a name that turns to another address after it was checked is refused when it is used", async () => {
  const { url, seen, close } = await serve((_request, response) => response.end("hello"));
  const answers = ["127.0.0.1", "169.254.169.254", "0.0.0.0"];
  let asked = 0;
  const resolve: Resolve = (host, done) => resolvingTo([answers[asked++] ?? ""])(host, done);
  const target = { url: url.replace("127.0.0.1", "rebinding.example"), allowPrivate: true };
  assert.equal((await fetchFrom({ resolve }, target)).kind, "answer");
  for (let i = 1; i < answers.length; i += 1) {
    const answer = await fetchFrom({ resolve }, target);
    assert.ok(answer.kind === "not_sent");
    assert.match(answer.detail, /public Internet/);
  }
  assert.deepEqual([asked, seen.count], [answers.length, 1]);
  close();
});

void test("a redirect to an inner address is an answer like any other, over two hops too", async () => {
  const inner = await serve((_request, response) => response.end("inner secret"));
  const second = await serve((_request, response) => redirect(response, inner.url));
  const first = await serve((_request, response) => redirect(response, second.url));
  const metadata = await serve((_request, response) => redirect(response, "http://169.254.169.254/latest/"));
  for (const { url } of [first, second, metadata]) {
    const answer = await fetchFrom({}, { url, allowPrivate: true });
    assert.ok(answer.kind === "answer");
    assert.deepEqual([answer.status, answer.body], [302, ""]);
  }
  assert.equal(inner.seen.count, 0);
  for (const { close } of [inner, second, first, metadata]) close();
});

void test("a body that never ends, by size or by time, ends with its limit", async () => {
  const huge = await serve((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  });
  const cut = await fetchFrom({}, { url: huge.url, allowPrivate: true });
  assert.ok(cut.kind === "answer");
  assert.equal(cut.body.length, ANSWER_BYTES_MAX);
  const slow = await serve((_request, response) => response.write("a byte, and then nothing"));
  const given = await fetchFrom({}, { url: slow.url, allowPrivate: true, timeoutMs: 200 });
  assert.deepEqual(given, { kind: "unknown", detail: "No answer within 200 ms." });
  huge.close();
  slow.close();
});

void test("a certificate for another name is refused before a byte of the request is sent", async () => {
  const { cert, key } = certificateFor("right.example");
  setDefaultCACertificates([...getCACertificates("default"), cert]);
  let requests = 0;
  const server = createTlsServer({ cert, key }, (_request, response) => {
    requests += 1;
    response.end("hello");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const parts = { resolve: resolvingTo(["127.0.0.1"]) };
  const wrong = await fetchFrom(parts, { url: `https://wrong.example:${port}/`, allowPrivate: true });
  assert.ok(wrong.kind === "not_sent");
  assert.match(wrong.detail, /ERR_TLS_CERT_ALTNAME_INVALID/);
  assert.equal(requests, 0);
  const right = await fetchFrom(parts, { url: `https://right.example:${port}/`, allowPrivate: true });
  assert.ok(right.kind === "answer" && right.body === "hello");
  server.close();
  server.closeAllConnections();
});

const check = openUrlCheck();
const unreached: Partial<FetchParts> = {
  resolve: (_host, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
};

function fetchFrom(
  parts: Partial<FetchParts>,
  request: Partial<OutsideRequest> & { readonly url: string },
): Promise<OutsideAnswer> {
  return openFetch({ clock: { now: () => 0 }, ...parts })({
    method: "POST",
    headers: {},
    body: "{}",
    timeoutMs: 15_000,
    allowPrivate: false,
    ...request,
  });
}

function resolvingTo(addresses: readonly string[]): Resolve {
  return (_host, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

/** A server on loopback that counts its requests. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen = { count: 0 };
  const server = createServer((request, response) => {
    seen.count += 1;
    response.on("error", () => undefined);
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/`, seen, close };
}
