import { parseWhen } from "../../domain/zone.ts";

import { type FormFault, refuseForm } from "../../ports/http/detail.ts";
import { refuseTask } from "./refusals.ts";

export type Mode = "DIRECT" | "BRIEF_START";
type Words = Readonly<Record<string, unknown>>;

/** A task as it was sent, checked. */
export type Task = {
  /** UTC milliseconds. */
  readonly runAt: number;
  /** As sent; null where the default is meant. */
  readonly backendBaseUrl: string | null;
  readonly agentType: string;
  readonly conversationId: string;
  readonly mode: Mode;
  readonly placeId: string;
  readonly phoneE164: string;
  /** DIRECT only. */
  readonly scriptPreview: string | null;
  /** BRIEF_START only. */
  readonly place: Words | null;
  readonly slots: Words | null;
  readonly disclosure: Words | null;
  readonly fallbacks: Words | null;
  /** The recipient's zone. */
  readonly timezone: string | null;
  readonly notifyTarget: string | null;
  /** Secret. */
  readonly backendAuthToken: string | null;
};

/** Reads the body of `POST /tasks`. Unknown members are ignored. Throws a refusal with the member that is at fault. */
export function readTask(body: unknown): Task {
  const fields = readForm(body);
  const mode = fields["mode"] as Mode;
  const payload = fields["payload"] as Words;
  const parts = mode === "DIRECT" ? readDirect(payload) : readBriefStart(payload);
  return {
    runAt: readRunAt(fields["runAtUtc"] as string),
    backendBaseUrl: textIn(fields, "backendBaseUrl"),
    agentType: fields["agentType"] as string,
    conversationId: fields["conversationId"] as string,
    mode,
    ...parts,
    slots: objectIn(payload, "slots"),
    disclosure: objectIn(payload, "disclosure"),
    fallbacks: objectIn(payload, "fallbacks"),
    timezone: textIn(fields, "timezone"),
    notifyTarget: textIn(fields, "notifyTarget"),
    backendAuthToken: textIn(fields, "backendAuthToken"),
  };
}

type Parts = Pick<Task, "placeId" | "phoneE164" | "scriptPreview" | "place">;

function readDirect(payload: Words): Parts {
  const need = (name: string): string => required(payload, name, `DIRECT mode requires '${name}' in payload`);
  return {
    scriptPreview: need("scriptPreview"),
    placeId: need("placeId"),
    phoneE164: need("phoneE164"),
    place: null,
  };
}

/** `placeId` and `phoneE164` of the payload itself go before those of its place. */
function readBriefStart(payload: Words): Parts {
  const place = objectIn(payload, "place");
  if (place === null) throw refuseTask("BRIEF_START mode requires 'place' in payload");
  const need = (name: string): string =>
    required(place, name, `BRIEF_START mode requires 'place.${name}' in payload`);
  const [placeId, phoneE164] = [need("placeId"), need("phoneE164")];
  need("businessName");
  return {
    placeId: textIn(payload, "placeId") ?? placeId,
    phoneE164: textIn(payload, "phoneE164") ?? phoneE164,
    scriptPreview: null,
    place,
  };
}

function required(from: Words, name: string, sentence: string): string {
  const value = from[name];
  if (value === undefined || value === null || value === "") throw refuseTask(sentence);
  if (typeof value !== "string") throw refuseTask(`${sentence} (as a text)`);
  return value;
}

function objectIn(payload: Words, name: string): Words | null {
  const value = payload[name];
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw refuseTask(`'${name}' in payload must be an object`);
  return value;
}

/** Without an offset it is UTC. */
function readRunAt(text: string): number {
  const when = parseWhen(text);
  if (when.kind === "invalid" || when.zone !== undefined) {
    const why = when.kind === "invalid" ? when.why : "a zone in brackets is not read here";
    throw refuseTask(`Invalid runAtUtc format, expected ISO 8601 such as 2026-02-01T22:00:00Z: ${why}`);
  }
  return when.kind === "instant" ? when.at : when.localMs;
}

const TEXT_MAX = 200;

/** The members that the service looks at, each as it must be. Throws with everything that is wrong. */
function readForm(body: unknown): Words {
  if (body === undefined || body === null)
    throw refuseForm([{ type: "missing", loc: ["body"], msg: "Field required" }]);
  if (!isObject(body)) {
    const msg = "Input should be a valid dictionary or object to extract fields from";
    throw refuseForm([{ type: "model_attributes_type", loc: ["body"], msg }]);
  }
  const faults: FormFault[] = [];
  for (const [name, { isRequired, check }] of Object.entries(members)) {
    const value = body[name];
    const loc = ["body", name];
    if (value === undefined || (value === null && !isRequired)) {
      if (isRequired) faults.push({ type: "missing", loc, msg: "Field required" });
      continue;
    }
    const fault = check(value);
    if (fault !== null) faults.push({ ...fault, loc });
  }
  if (faults.length > 0) throw refuseForm(faults);
  return body;
}

type Check = (value: unknown) => Omit<FormFault, "loc"> | null;

const members: Readonly<Record<string, { readonly isRequired: boolean; readonly check: Check }>> = {
  runAtUtc: { isRequired: true, check: checkText(64) },
  backendBaseUrl: { isRequired: false, check: checkText(2000) },
  agentType: { isRequired: true, check: checkText(TEXT_MAX) },
  conversationId: { isRequired: true, check: checkText(TEXT_MAX) },
  mode: {
    isRequired: true,
    check: (value) =>
      value === "DIRECT" || value === "BRIEF_START"
        ? null
        : { type: "enum", msg: "Input should be 'DIRECT' or 'BRIEF_START'" },
  },
  payload: {
    isRequired: true,
    check: (value) =>
      isObject(value) ? null : { type: "dict_type", msg: "Input should be a valid dictionary" },
  },
  timezone: { isRequired: false, check: checkText(64) },
  notifyTarget: { isRequired: false, check: checkText(2000) },
  backendAuthToken: { isRequired: false, check: checkText(4000) },
};

function checkText(lengthMax: number): Check {
  return (value) => {
    if (typeof value !== "string") return { type: "string_type", msg: "Input should be a valid string" };
    if (value.length <= lengthMax) return null;
    return { type: "string_too_long", msg: `String should have at most ${lengthMax} characters` };
  };
}

function textIn(from: Words, name: string): string | null {
  const value = from[name];
  return typeof value === "string" && value !== "" ? value : null;
}

function isObject(value: unknown): value is Words {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
