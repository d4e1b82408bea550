import { fillTemplate, parseTemplate } from "../../domain/template.ts";
import type { Order } from "../../ports/carrier.ts";
import type { Fields } from "./fields.ts";
import { HEADER_MAX, PLACEHOLDERS, mergedWith } from "./instructions.ts";
import type { Instructions } from "./instructions.ts";
import { identityOf, markOf, roomNameOf } from "./room.ts";
import type { LiveKitDefaults, LiveKitSettings, Project } from "./settings.ts";

export type Requested =
  | { readonly ok: true; readonly body: Fields }
  /** Why no request can be made; the fault lies in what the call holds. */
  | { readonly ok: false; readonly detail: string };

/**
 * An attempt's room stays open so long when nobody comes, so that it can be seen that nobody came; and closes so soon when
 * everybody has left, so that an open one means that nobody was there.
 */
const EMPTY_SECONDS = 900;
export const DEPARTURE_SECONDS = 20;
const METADATA_MAX = 64_000;
const DAY_SECONDS = 86_400;
const INCLUDED = { none: "SIP_NO_HEADERS", x: "SIP_X_HEADERS", all: "SIP_ALL_HEADERS" } as const;

/** `RoomService/CreateRoom`: the attempt's room, with the agent that talks in it. */
export function roomRequest(order: Order, defaults: LiveKitDefaults): Requested {
  const settings = order.settings as LiveKitSettings;
  const instructions = mergedWith(settings, order.instructions);
  const agentName = instructions.agent_name ?? defaults.agentName ?? "";
  const metadata = agentMetadata(order, settings, instructions);
  if (Buffer.byteLength(metadata) > METADATA_MAX)
    return { ok: false, detail: "What the agent is told is longer than 64000 bytes." };
  return {
    ok: true,
    body: {
      name: roomNameOf(settings.room_name, order),
      emptyTimeout: EMPTY_SECONDS,
      departureTimeout: DEPARTURE_SECONDS,
      metadata: markOf(order.attemptKey),
      // An agent that fails must not come back to a person who has been rung already.
      ...(agentName !== "" && { agents: [{ agentName, metadata, restartPolicy: "JRP_NEVER" }] }),
    },
  };
}

/** `SIP/CreateSIPParticipant`: the one request that rings somebody. */
export function participantRequest(order: Order, project: Project): Requested {
  const settings = order.settings as LiveKitSettings;
  const instructions = mergedWith(settings, order.instructions);
  const values = valuesOf(order, settings);
  const headers = Object.entries(instructions.headers ?? {}).map(
    ([name, text]) => [name, String(filled(text, values))] as const,
  );
  const wrong = headers.find(([, value]) => !/^[\x20-\x7e]*$/.test(value) || value.length > HEADER_MAX);
  if (wrong !== undefined)
    return { ok: false, detail: `The header ${wrong[0]} is too long, or not of plain characters.` };
  const name = instructions.participant_name;
  return {
    ok: true,
    body: {
      sipTrunkId: project.sipTrunkId,
      sipCallTo: order.to,
      ...(order.from !== null && { sipNumber: order.from }),
      roomName: roomNameOf(settings.room_name, order),
      participantIdentity: identityOf(order.attemptKey),
      ...(name !== undefined && { participantName: String(filled(name, values)).slice(0, 200) }),
      participantAttributes: { "carillon.call_id": order.callId, "carillon.attempt_id": order.attemptId },
      ...(instructions.dtmf !== undefined && { dtmf: instructions.dtmf }),
      ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
      ...(instructions.include_headers !== undefined && {
        includeHeaders: INCLUDED[instructions.include_headers],
      }),
      ...(instructions.play_dialtone === true && { playDialtone: true }),
      ...(instructions.hide_phone_number === true && { hidePhoneNumber: true }),
      ...(instructions.krisp_enabled === true && { krispEnabled: true }),
      ...(instructions.display_name !== undefined && { displayName: instructions.display_name }),
      ringingTimeout: seconds(order.ringTimeoutMs),
      maxCallDuration: seconds(order.maxDurationMs),
      ...(settings.wait_until_answered === true && { waitUntilAnswered: true }),
    },
  };
}

function agentMetadata(order: Order, settings: LiveKitSettings, instructions: Instructions): string {
  const values = valuesOf(order, settings);
  const told = instructions.agent_metadata;
  if (told === undefined) return JSON.stringify(values);
  const text = filled(told, values);
  return typeof text === "string" ? text : JSON.stringify(text);
}

/** The values of the placeholders for one attempt. */
function valuesOf(order: Order, settings: LiveKitSettings): Fields {
  return {
    to: order.to,
    from: order.from,
    call_id: order.callId,
    attempt_id: order.attemptId,
    attempt_number: order.attemptNumber,
    purpose: order.purpose,
    metadata: order.metadata,
    room_name: roomNameOf(settings.room_name, order),
    participant_identity: identityOf(order.attemptKey),
  };
}

function filled(source: unknown, values: Fields): unknown {
  const parsed = parseTemplate(source, PLACEHOLDERS);
  if (!parsed.ok) throw new Error("The template does not parse");
  return fillTemplate(parsed.template, values);
}

/** A duration as protobuf's JSON writes it. */
function seconds(ms: number): string {
  return `${Math.min(DAY_SECONDS, Math.max(1, Math.round(ms / 1000)))}s`;
}
