import { type JsonObject, asObject, objectIn } from "../../domain/json-object.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";

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
  const error = asObject(objectIn(answer)?.["error"]);
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

function typeOf(detail: JsonObject): string {
  return String(detail["@type"]).replace(/^type\.googleapis\.com\//, "");
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(asObject).filter((one) => one !== null) : [];
}
