import type { FastifyInstance, FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Callback, CarrierKind } from "../../ports/carrier.ts";
import type { DoorPorts } from "../../ports/door.ts";

/** A request as carriers' kinds verify it. */
export function callbackOf(request: FastifyRequest, publicUrl: string | null): Callback {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return {
    headers,
    rawBody: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    contentType: headers["content-type"] ?? "",
    url: request.url,
    publicUrl,
  };
}

/** Signatures are over bytes, so nothing may be parsed on the way. */
export function readRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}

/** Throws the refusal of a callback that is not genuine or cannot be read. */
export function refuse(
  kind: CarrierKind,
  reading: { readonly kind: "forged" | "unreadable"; readonly detail: string },
  log: DoorPorts<Engine>["log"],
): never {
  if (reading.kind === "forged") {
    log.warn("refused a callback that is not genuine", { carrier: kind.name, detail: reading.detail });
    throw new Refusal("forbidden", "The callback is not signed as the line's settings ask.");
  }
  log.warn("could not read a callback", { carrier: kind.name, detail: reading.detail });
  throw new Refusal("invalid_body", `The callback cannot be read: ${reading.detail}`);
}

export function unknownAttempt(): Refusal {
  return new Refusal("not_found", "There is no such attempt.");
}
