import type { Callback, CallbackReading, CarrierKind } from "../../ports/carrier.ts";
import { HttpCarrier } from "./carrier.ts";
import { readReport } from "./report.ts";
import { parseHttpSettings } from "./settings.ts";
import type { HttpSettings } from "./settings.ts";
import { whyForged } from "./signature.ts";

/** Any voice backend behind HTTP: one POST creates a call, callbacks tell what becomes of it. */
export const http: CarrierKind = {
  name: "http",
  real: true,
  secrets: ["headers", "signing_secret"],
  parseSettings: parseHttpSettings,
  connect: (ports) => new HttpCarrier(ports),
  readCallback,
};

const BODY_BYTES_MAX = 65_536;

function readCallback(callback: Callback, settings: unknown, now: number): CallbackReading {
  if (callback.rawBody.length > BODY_BYTES_MAX)
    return { kind: "unreadable", detail: "The body is over 64 KiB." };
  const { signing_secret: secret } = settings as HttpSettings;
  const reason = secret === undefined ? null : whyForged(callback, secret, now);
  if (reason !== null) return { kind: "forged", detail: reason };

  if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(callback.contentType.trim())) {
    return { kind: "unreadable", detail: "The content type must be application/json." };
  }
  const body = parseJson(new TextDecoder().decode(callback.rawBody));
  const reading = readReport(body, now, callback.headers["webhook-id"]);
  return reading.ok
    ? { kind: "reports", reports: [reading.report] }
    : { kind: "unreadable", detail: reading.detail };
}

/** Undefined when it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
