import { isPrivateHost } from "../../domain/wrong.ts";
import type { Order } from "../../ports/carrier.ts";
import { TWIML_MAX, mergedWith, sourceOf } from "./instructions.ts";
import type { Instructions } from "./instructions.ts";
import type { TwilioDefaults, TwilioSettings } from "./settings.ts";
import type { Params } from "./signature.ts";
import { twimlOf, urlOf, valuesOf } from "./twiml.ts";

export type Form =
  | { readonly ok: true; readonly params: Params; readonly instructions: Instructions }
  /** Why no request can be made. `isCalls`: the fault lies in what the call itself said. */
  | { readonly ok: false; readonly detail: string; readonly isCalls: boolean };

/** Twilio rings no longer. */
const RING_SECONDS_MAX = 600;
const DAY_SECONDS = 86_400;
const EVENTS = ["initiated", "ringing", "answered", "completed"] as const;

/**
 * The parameters of the one request that creates a call
 * (https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource).
 */
export function formOf(order: Order, defaults: TwilioDefaults): Form {
  const settings = order.settings as TwilioSettings;
  const from = order.from ?? defaults.phoneNumber ?? null;
  if (from === null)
    return {
      ok: false,
      detail: "The line has no caller id, and Twilio calls only with one.",
      isCalls: false,
    };
  const instructions = mergedWith(settings, order.instructions);
  const told = addressOf(order, settings);
  const doing = doingOf(order, instructions, told);
  if (typeof doing === "string") return { ok: false, detail: doing, isCalls: order.instructions !== null };
  return {
    ok: true,
    instructions,
    params: [
      ["To", order.to],
      ["From", from],
      ...doing,
      ...statusOf(order, settings, defaults, instructions, told),
      ["Timeout", whole(order.ringTimeoutMs / 1000, RING_SECONDS_MAX)],
      ["TimeLimit", whole(order.maxDurationMs / 1000, DAY_SECONDS)],
      ...optionsOf(instructions),
    ],
  };
}

/** Where Twilio can reach us about this attempt, or null: it does not call private addresses. */
function addressOf(order: Order, settings: TwilioSettings): string | null {
  if (order.callbackUrl === null) return null;
  const url = URL.parse(order.callbackUrl);
  const isReached = url !== null && (settings.allow_private === true || !isPrivateHost(url.hostname));
  return isReached ? order.callbackUrl : null;
}

/** Exactly one of Url, Twiml and ApplicationSid, or why there is none. */
function doingOf(order: Order, instructions: Instructions, told: string | null): Params | string {
  const values = valuesOf(order);
  switch (sourceOf(instructions)) {
    case null:
      return "Neither the call nor its line says what the call does.";
    case "application_sid":
      return [["ApplicationSid", instructions.application_sid ?? ""]];
    case "url":
      return [
        ["Url", urlOf(instructions.url ?? "", values)],
        ["Method", instructions.url_method ?? "POST"],
        ...fallbackOf(instructions, order),
      ];
    case "twiml":
      return inline(instructions, order);
    default:
      // Asked for when somebody has answered, so that a call that was given up says nothing any more.
      if (told !== null)
        return [["Url", `${told}/twiml`], ["Method", "POST"], ...fallbackOf(instructions, order)];
      return inline(instructions, order);
  }
}

function inline(instructions: Instructions, order: Order): Params | string {
  const twiml = twimlOf(instructions, valuesOf(order));
  return twiml !== null && twiml.length <= TWIML_MAX
    ? [["Twiml", twiml]]
    : `The TwiML of the call is longer than ${TWIML_MAX} characters; set PUBLIC_URL, so that Twilio can ask for it.`;
}

function fallbackOf({ fallback_url: fallback }: Instructions, order: Order): Params {
  return fallback === undefined ? [] : [["FallbackUrl", urlOf(fallback, valuesOf(order))]];
}

/** Where Twilio reports. An application has its own address for that, and a request cannot name another. */
function statusOf(
  order: Order,
  settings: TwilioSettings,
  defaults: TwilioDefaults,
  instructions: Instructions,
  told: string | null,
): Params {
  const own = settings.status_callback ?? defaults.webhookUrl ?? null;
  const plain = own === null ? told : `${own}${own.includes("?") ? "&" : "?"}attempt=${order.attemptKey}`;
  const detects = detectsMachines(instructions);
  const isApplication = sourceOf(instructions) === "application_sid";
  // Whether another callback will tell who answered is part of the signed URL, since a call may differ from its line.
  const callback = plain === null || !detects ? plain : `${plain}${plain.includes("?") ? "&" : "?"}amd=1`;
  return [
    ...(callback === null || isApplication
      ? []
      : ([
          ["StatusCallback", callback],
          ["StatusCallbackMethod", "POST"],
          ...EVENTS.map((event) => ["StatusCallbackEvent", event] as const),
        ] as const)),
    ...(callback === null || !detects || instructions.async_amd === false
      ? []
      : ([
          ["AsyncAmd", "true"],
          ["AsyncAmdStatusCallback", callback],
          ["AsyncAmdStatusCallbackMethod", "POST"],
        ] as const)),
  ];
}

function detectsMachines(instructions: Instructions): boolean {
  return instructions.machine_detection !== undefined && instructions.machine_detection !== "off";
}

function optionsOf(instructions: Instructions): Params {
  const { record } = instructions;
  const detection = { enable: "Enable", detect_message_end: "DetectMessageEnd", off: undefined } as const;
  const detects = detectsMachines(instructions);
  const given: readonly (readonly [string, string | number | undefined])[] = [
    ["SendDigits", instructions.send_digits],
    ["Record", record === undefined || record === false ? undefined : "true"],
    ["RecordingChannels", record === "dual" ? "dual" : undefined],
    ["MachineDetection", detection[instructions.machine_detection ?? "off"]],
    ...(detects
      ? ([
          ["MachineDetectionTimeout", instructions.machine_detection_timeout_seconds],
          ["MachineDetectionSpeechThreshold", instructions.machine_detection_speech_threshold_ms],
          ["MachineDetectionSpeechEndThreshold", instructions.machine_detection_speech_end_threshold_ms],
          ["MachineDetectionSilenceTimeout", instructions.machine_detection_silence_timeout_ms],
        ] as const)
      : []),
    ["CallReason", instructions.call_reason],
    ["Byoc", instructions.byoc],
  ];
  return given.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]));
}

function whole(seconds: number, most: number): string {
  return String(Math.min(most, Math.max(1, Math.round(seconds))));
}
