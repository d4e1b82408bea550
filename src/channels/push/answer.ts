import type { OutsideAnswer } from "../../ports/carrier.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The JSON object of an answer; null when it is none. */
export function objectIn(answer: OutsideAnswer): Fields | null {
  if (answer.kind !== "answer") return null;
  try {
    return objectOf(JSON.parse(answer.body));
  } catch {
    // A page of a proxy, or a body that was cut off: as good as none.
    return null;
  }
}

/** An error as FCM and Google's other interfaces write it (https://google.aip.dev/193). */
export type Fault = {
  /** FCM's own code, such as `UNREGISTERED`, else Google's general one, such as `NOT_FOUND`. */
  readonly code: string;
  /** True when the code is FCM's own, and so about this message. */
  readonly isFcm: boolean;
  readonly message: string;
  /** The fields of the request that were found wrong. */
  readonly fields: readonly string[];
};

/** The error in an answer; null when nobody at Google wrote it. */
export function faultIn(answer: OutsideAnswer): Fault | null {
  const error = objectOf(objectIn(answer)?.["error"]);
  const [status, message] = [error?.["status"], error?.["message"]];
  if (error === null || typeof status !== "string") return null;
  const details = listOf(error["details"]);
  const own = details.find((one) => typeOf(one) === "google.firebase.fcm.v1.FcmError")?.["errorCode"];
  const bad = details.find((one) => typeOf(one) === "google.rpc.BadRequest");
  const fields = listOf(bad?.["fieldViolations"]).map(({ field }) => String(field));
  const isFcm = typeof own === "string";
  return {
    code: (isFcm ? own : status).slice(0, 60),
    isFcm,
    message: typeof message === "string" ? message : "",
    fields,
  };
}

function typeOf(detail: Fields): string {
  return String(detail["@type"]).replace(/^type\.googleapis\.com\//, "");
}

function objectOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(objectOf).filter((one) => one !== null) : [];
}
