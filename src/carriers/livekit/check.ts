import { readObject } from "../../domain/json-object.ts";
import { isPrivateHost } from "../../domain/wrong.ts";
import type { CarrierCheck, LineFacts, OutsideAnswer, OutsideFetch } from "../../ports/carrier.ts";
import { ask, messageIn, troubleIn } from "./api.ts";
import { messagesIn, textIn, textsIn } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { leewayMsOf } from "./settings.ts";
import type { LiveKitSettings, Project } from "./settings.ts";

export type Checked = {
  readonly fetch: OutsideFetch;
  readonly project: Project;
  readonly settings: LiveKitSettings;
  readonly line: LineFacts;
  /** UTC ms. */
  readonly now: number;
};

/** Where LiveKit reports, below `PUBLIC_URL`. */
const WEBHOOK_PATH = "/webhook/livekit";
const TOKEN_MS = 30_000;
/** The least time that a token has when it is sent. */
const LEAST_MS = 10_000;

/** Looks at the key, the trunk, how the server judges tokens, and the address for reports. It places no call. */
export async function checkProject(checked: Checked): Promise<CarrierCheck> {
  const { project, settings, line } = checked;
  const answer = await ask(checked.fetch, {
    project,
    settings,
    method: "SIP/ListSIPOutboundTrunk",
    body: { trunkIds: [project.sipTrunkId] },
    grants: { sip: { admin: true } },
    expiresAt: checked.now + TOKEN_MS,
  });
  const listed = messageIn(answer);
  if (listed === null) return wrongProject(answer);
  const trunk = messagesIn(listed, "items").find((one) => textIn(one, "sip_trunk_id") === project.sipTrunkId);
  if (trunk === undefined) {
    return {
      ok: false,
      detail: `The project has no outbound trunk ${project.sipTrunkId}.`,
      cure: "Take the id of an outbound trunk from LiveKit's telephony page: carillon lines set NAME --set sip_trunk_id=ST_….",
    };
  }
  const numbers = textsIn(trunk, "numbers");
  const trouble =
    callerTrouble(line.from, numbers) ?? (await leewayTrouble(checked)) ?? (await addressTrouble(checked));
  if (trouble !== null) return trouble;
  const warnings = [...callerWarnings(line.from, numbers), ...rateWarnings(line), ...agentWarnings(settings)];
  return {
    ok: true,
    detail: `The trunk ${textIn(trunk, "name") || project.sipTrunkId} is there, the key is good, and LiveKit can report to ${line.publicUrl ?? ""}${WEBHOOK_PATH}.`,
    ...(warnings.length > 0 && { warnings }),
  };
}

function wrongProject(answer: OutsideAnswer): CarrierCheck {
  const isRefused = answer.kind === "answer" && [401, 403].includes(answer.status);
  return {
    ok: false,
    detail: `LiveKit does not show its trunks: ${troubleIn(answer)}`,
    cure: isRefused
      ? "Copy api_key and api_secret again from the project's settings, and see that url is the same project's."
      : "See whether this machine reaches the server at url.",
  };
}

function callerTrouble(from: string | null, numbers: readonly string[]): CarrierCheck | null {
  if (from !== null || numbers.some((number) => number !== "*")) return null;
  return {
    ok: false,
    detail: "Neither the line nor its trunk has a number to call from.",
    cure: "Give the line one of your numbers: carillon lines set NAME --caller-id +1….",
  };
}

/** The token of a call ends so that the server's leeway ends with the call's deadline. Is there that leeway? */
async function leewayTrouble(checked: Checked): Promise<CarrierCheck | null> {
  const { project, settings } = checked;
  const leewayMs = leewayMsOf(settings);
  const answer = await ask(checked.fetch, {
    project,
    settings,
    method: "RoomService/ListRooms",
    body: { names: ["carillon-check"] },
    grants: { video: { roomList: true } },
    expiresAt: checked.now - leewayMs + LEAST_MS,
  });
  if (messageIn(answer) !== null) return null;
  if (answer.kind === "answer" && answer.status !== 401)
    return { ok: false, detail: `LiveKit does not show its rooms: ${troubleIn(answer)}` };
  return {
    ok: false,
    detail: `The server does not take a token ${(leewayMs - LEAST_MS) / 1000} s after its end: ${troubleIn(answer)}`,
    cure: "Let both machines follow a time server (NTP); if that is so already, set token_leeway_seconds=0 on the line.",
  };
}

/** Asks our own address from here, which is not quite from there, but finds what is wrong most often. */
async function addressTrouble({ fetch, settings, line }: Checked): Promise<CarrierCheck | null> {
  const cure = "Set PUBLIC_URL to an https address that leads here from outside, such as that of a tunnel.";
  const without = "Without its reports nobody learns how a call ended that was not answered.";
  const base = line.publicUrl;
  if (base === null)
    return { ok: false, detail: `LiveKit cannot report: PUBLIC_URL is not set. ${without}`, cure };
  const url = URL.parse(base);
  if (url === null || (isPrivateHost(url.hostname) && settings.allow_private !== true))
    return {
      ok: false,
      detail: `LiveKit cannot report to ${base}: that address is private. ${without}`,
      cure,
    };
  const probe = `${base}/livez`;
  const answer = await fetch({
    method: "GET",
    url: probe,
    headers: { accept: "application/json", "user-agent": "Carillon" },
    timeoutMs: 5_000,
    allowPrivate: settings.allow_private === true,
  });
  if (answer.kind !== "answer")
    return { ok: false, detail: `${probe} does not answer from here: ${troubleIn(answer)} ${without}`, cure };
  if (answer.status === 200 && isAlive(readObject(answer.body))) return null;
  return {
    ok: false,
    detail: `${probe} answers HTTP ${answer.status}, so it does not lead to Carillon.`,
    cure,
  };
}

function isAlive(answer: Fields | null): boolean {
  return answer?.["status"] === "ok";
}

function callerWarnings(from: string | null, numbers: readonly string[]): readonly string[] {
  const digits = (number: string): string => number.replaceAll(/\D/g, "");
  if (from === null || numbers.length === 0 || numbers.includes("*")) return [];
  if (numbers.some((number) => digits(number) === digits(from))) return [];
  return [`${from} is not a number of the trunk; its provider may refuse to show it.`];
}

function rateWarnings({ callsPerSecond }: LineFacts): readonly string[] {
  const advice =
    "A SIP trunk usually starts 1 call per second unless that was raised, and refuses what comes faster.";
  if (callsPerSecond === 0) return [`The line has no rate. ${advice}`];
  return callsPerSecond > 1 ? [`The line starts ${callsPerSecond} calls per second. ${advice}`] : [];
}

function agentWarnings({ agent_name: name }: LiveKitSettings): readonly string[] {
  return name === undefined || name === ""
    ? ["The line names no agent, so one has to come into every room by itself, or each call names its own."]
    : [];
}
