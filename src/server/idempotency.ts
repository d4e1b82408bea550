import { createHash } from "node:crypto";

import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from "fastify";

import { Refusal } from "../domain/refusal.ts";
import type { Clock } from "../ports/clock.ts";

import { canonicalJson } from "./json.ts";

const KEY = /^[\x20-\x7e]{1,255}$/;
const ANSWERS_MAX = 10_000;
const ANSWERS_KEPT_MS = 24 * 3_600_000;
const KEPT_HEADERS = ["location", "etag"] as const;

type Answer = {
  readonly fingerprint: string;
  readonly at: number;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: unknown;
};

/**
 * `Idempotency-Key` on POSTs. Creating calls is durable: the store keeps the key with the call. For every other POST this
 * process remembers the last 10,000 answers for a day; after a restart, or on another node, such a request runs again.
 * A key whose first request is still running is refused on this node.
 */
export function createIdempotency(clock: Clock): (route: RouteOptions) => void {
  const running = new Set<string>();
  const answers = new Map<string, Answer>();

  return (route) => {
    const mode = route.config?.idempotency ?? "memory";
    if (route.method !== "POST" || mode === "none") return;
    const inner = route.handler;
    const handler: RouteHandlerMethod = async function handleOnce(request, reply) {
      const given = request.headers["idempotency-key"];
      if (given === undefined || request.caller === null) return inner.call(this, request, reply);
      const key = readKey(given);
      const slot = `${request.caller.actor.workspaceId} ${key}`;
      const fingerprint = fingerprintOf(request);
      if (running.has(slot))
        throw new Refusal(
          "idempotency_in_progress",
          "The first request with this key has not been answered yet.",
        );
      if (mode === "store") request.idempotency = { key, fingerprint };
      const kept = mode === "memory" ? recall(answers, slot, clock.now()) : undefined;
      if (kept !== undefined) return replay(kept, fingerprint, reply);
      running.add(slot);
      try {
        const body: unknown = await inner.call(this, request, reply);
        if (mode === "memory") remember(answers, slot, answerOf(fingerprint, clock.now(), reply, body));
        return body;
      } finally {
        running.delete(slot);
      }
    };
    route.handler = handler;
  };
}

function readKey(given: string | readonly string[]): string {
  if (typeof given === "string" && KEY.test(given)) return given;
  throw new Refusal(
    "idempotency_key_invalid",
    "The Idempotency-Key is empty, too long or not printable ASCII.",
    {
      faults: [
        {
          pointer: "/headers/idempotency-key",
          code: "idempotency_key_invalid",
          detail: "1 to 255 printable ASCII characters",
        },
      ],
    },
  );
}

/** A hash over what was asked, so that the same key cannot answer another question. */
function fingerprintOf(request: FastifyRequest): string {
  return createHash("sha256")
    .update(`${request.method}\n${request.url}\n`)
    .update(request.body === undefined ? "" : canonicalJson(request.body))
    .digest("hex");
}

function recall(answers: Map<string, Answer>, slot: string, now: number): Answer | undefined {
  const kept = answers.get(slot);
  if (kept === undefined || now - kept.at < ANSWERS_KEPT_MS) return kept;
  answers.delete(slot);
  return undefined;
}

function remember(answers: Map<string, Answer>, slot: string, answer: Answer): void {
  answers.set(slot, answer);
  for (const oldest of answers.keys()) {
    if (answers.size <= ANSWERS_MAX) break;
    answers.delete(oldest);
  }
}

function answerOf(fingerprint: string, at: number, reply: FastifyReply, body: unknown): Answer {
  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = reply.getHeader(name);
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return { fingerprint, at, status: reply.statusCode, headers, body };
}

function replay(kept: Answer, fingerprint: string, reply: FastifyReply): unknown {
  if (kept.fingerprint !== fingerprint)
    throw new Refusal("idempotency_mismatch", "The first request with this key asked for something else.");
  reply.code(kept.status).header("idempotent-replayed", "true");
  for (const [name, value] of kept.headers) reply.header(name, value);
  return kept.body;
}
