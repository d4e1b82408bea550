// The callers of the HTTP bench, in a process of their own: so many keep-alive connections, each with one request under way.
import { randomUUID } from "node:crypto";
import { Client } from "undici";
import { requestOf } from "./calls.ts";
import { answerParent } from "./child.ts";
import { quantiles } from "./harness.ts";

export type LoadInput = {
  readonly url: string;
  readonly connections: number;
  /** Not more requests, and not longer, than that. */
  readonly countMax: number;
  readonly msMax: number;
  readonly idempotent: boolean;
  /** The instant (UTC ms) of the first call. */
  readonly dueAt: number;
};
export type LoadResult = {
  /** All that were answered 201. */
  readonly created: number;
  readonly ms: number;
  /** Of those that were sent after the mark, if one was set. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};
export type LoadHandlers = typeof handlers;

let stopped = false;
let markedAt = -Infinity;

const handlers = answerParent({
  run: (input: LoadInput): Promise<LoadResult> => run(input),
  /** Only what is sent from now on is timed. */
  mark: () => void (markedAt = performance.now()),
  /** No further request. */
  stop: () => void (stopped = true),
});

async function run(input: LoadInput): Promise<LoadResult> {
  stopped = false;
  markedAt = -Infinity;
  const started = performance.now();
  const latencies: number[] = [];
  let sent = 0;
  let created = 0;
  const work = async (client: Client): Promise<void> => {
    while (!stopped && sent < input.countMax && performance.now() - started < input.msMax) {
      sent += 1;
      const sentAt = performance.now();
      await create(client, input, sent);
      created += 1;
      if (sentAt >= markedAt) latencies.push(performance.now() - sentAt);
    }
  };
  const clients = Array.from({ length: input.connections }, () => new Client(input.url, { pipelining: 1 }));
  try {
    await Promise.all(clients.map(work));
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  const ms = performance.now() - Math.max(started, markedAt);
  return { created, ms, perSecond: (latencies.length / ms) * 1000, ...quantiles(latencies) };
}

async function create(client: Client, input: LoadInput, n: number): Promise<void> {
  const answer = await client.request({
    method: "POST",
    path: "/v1/calls",
    headers: {
      "content-type": "application/json",
      ...(input.idempotent ? { "idempotency-key": randomUUID() } : {}),
    },
    body: JSON.stringify(requestOf(n, input.dueAt + n)),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 201)
    throw new Error(`A create was answered ${answer.statusCode}: ${text.slice(0, 300)}`);
}
