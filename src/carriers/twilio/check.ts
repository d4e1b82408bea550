import { objectIn } from "../../domain/json-object.ts";
import { isPrivateHost } from "../../domain/wrong.ts";
import type { CarrierCheck, LineFacts, OutsideFetch } from "../../ports/carrier.ts";
import { ask, codeIn, isSuccess, troubleIn } from "./api.ts";
import { sourceOf } from "./instructions.ts";
import type { Account, TwilioSettings } from "./settings.ts";
import type { Params } from "./signature.ts";

export type Checked = {
  readonly fetch: OutsideFetch;
  readonly account: Account;
  readonly settings: TwilioSettings;
  readonly line: LineFacts;
  readonly webhookUrl: string | null;
};

/** Looks at the account, the caller id, the address for callbacks and the rate. It places no call. */
export async function checkAccount(checked: Checked): Promise<CarrierCheck> {
  const answer = await get(checked, "");
  if (!isSuccess(answer)) return wrongAccount(checked, answer);
  const account = objectIn(answer) ?? {};
  const status = textOf(account["status"]);
  const name = textOf(account["friendly_name"]) || checked.account.sid;
  if (status !== "active") {
    return {
      ok: false,
      detail: `The account ${name} is ${status || "not active"}.`,
      cure: "Open it again in the Twilio console.",
    };
  }
  const caller = await callerTrouble(checked);
  if (caller !== null) return caller;
  const address = await addressTrouble(checked);
  if (address !== null) return address;
  const isTrial = textOf(account["type"]) === "Trial";
  const warnings = [
    ...(isTrial
      ? ["It is a trial account: it calls verified numbers only, and speaks its own words first."]
      : []),
    ...rateWarnings(checked.line),
    ...(sourceOf(checked.settings) === null
      ? ["The line does not say what its calls do, so each call has to, in carrier."]
      : []),
  ];
  return {
    ok: true,
    detail: `The account ${name} is active, ${checked.line.from ?? ""} may be shown, and callbacks arrive.`,
    ...(warnings.length > 0 && { warnings }),
  };
}

function get({ fetch, account, settings }: Checked, path: string, query?: Params) {
  return ask(fetch, { account, settings, method: "GET", path, ...(query !== undefined && { query }) });
}

function wrongAccount(checked: Checked, answer: Awaited<ReturnType<typeof get>>): CarrierCheck {
  const code = codeIn(answer);
  const isRefused = answer.kind === "answer" && [401, 403, 404].includes(answer.status);
  const key = checked.settings.api_key_sid === undefined ? "account_sid and auth_token" : "the API key";
  return {
    ok: false,
    detail: `Twilio does not accept ${key}: ${troubleIn(answer)}`,
    cure:
      isRefused || code !== null
        ? "Copy them again from the first page of the Twilio console; after a change of the token also set the new one here."
        : "See whether this machine reaches api.twilio.com on port 443.",
  };
}

/** Twilio shows a number only if it belongs to the account or was verified for it. */
async function callerTrouble(checked: Checked): Promise<CarrierCheck | null> {
  const { from } = checked.line;
  if (from === null) {
    return {
      ok: false,
      detail: "The line has no caller id.",
      cure: "Give it one of the account's numbers: carillon lines set NAME --caller-id +1….",
    };
  }
  for (const [path, list] of [
    ["IncomingPhoneNumbers.json", "incoming_phone_numbers"],
    ["OutgoingCallerIds.json", "outgoing_caller_ids"],
  ] as const) {
    const answer = await get(checked, path, [["PhoneNumber", from]]);
    const found = isSuccess(answer) ? objectIn(answer)?.[list] : undefined;
    if (!Array.isArray(found))
      return { ok: false, detail: `Twilio does not list its numbers: ${troubleIn(answer)}` };
    if (found.length > 0) return null;
  }
  return {
    ok: false,
    detail: `${from} is neither a number of this account nor a verified caller id.`,
    cure: "Buy or verify it in the Twilio console, or set another with carillon lines set NAME --caller-id.",
  };
}

/** Asks our own address from here, which is not quite from there, but finds what is wrong most often. */
async function addressTrouble(checked: Checked): Promise<CarrierCheck | null> {
  const { settings, line } = checked;
  const own = settings.status_callback ?? checked.webhookUrl;
  const base = own ?? line.publicUrl;
  const cure = "Set PUBLIC_URL to an https address that leads here from outside, such as that of a tunnel.";
  const without = "Without it Carillon has to ask for every outcome, which takes minutes.";
  if (base === null)
    return { ok: false, detail: `Twilio cannot report: PUBLIC_URL is not set. ${without}`, cure };
  const url = URL.parse(base);
  if (url === null || (isPrivateHost(url.hostname) && settings.allow_private !== true))
    return {
      ok: false,
      detail: `Twilio cannot report to ${base}: that address is private. ${without}`,
      cure,
    };
  const probe = own === null ? `${base}/livez` : own;
  const answer = await checked.fetch({
    method: "GET",
    url: probe,
    headers: { accept: "application/json", "user-agent": "Carillon" },
    timeoutMs: 5_000,
    allowPrivate: settings.allow_private === true,
  });
  if (answer.kind !== "answer")
    return { ok: false, detail: `${probe} does not answer from here: ${troubleIn(answer)} ${without}`, cure };
  const isOurs =
    own !== null ? answer.status < 500 : answer.status === 200 && objectIn(answer)?.["status"] === "ok";
  if (isOurs) return null;
  return {
    ok: false,
    detail: `${probe} answers HTTP ${answer.status}, so it does not lead to Carillon.`,
    cure,
  };
}

function rateWarnings({ callsPerSecond }: LineFacts): readonly string[] {
  const advice =
    "A Twilio account starts 1 call per second unless that was raised; what is sent faster waits in Twilio's queue, where its ringing is not ours to time.";
  if (callsPerSecond === 0) return [`The line has no rate. ${advice}`];
  return callsPerSecond > 1 ? [`The line starts ${callsPerSecond} calls per second. ${advice}`] : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 100) : "";
}
