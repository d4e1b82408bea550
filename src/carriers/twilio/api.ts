import { objectIn } from "../../domain/json-object.ts";
import { withoutNumbers } from "../../domain/without-numbers.ts";
import type { OutsideAnswer, OutsideFetch } from "../../ports/carrier.ts";
import { DEFAULT_TIMEOUT_MS } from "./settings.ts";
import type { Account, TwilioSettings } from "./settings.ts";
import type { Params } from "./signature.ts";

/** One request to Twilio, for one account. */
export type Ask = {
  readonly account: Account;
  readonly settings: TwilioSettings;
  readonly method: "GET" | "POST";
  /** Below the account: `Calls.json`. */
  readonly path: string;
  readonly query?: Params;
  readonly form?: Params;
  readonly deadlineAt?: number;
};

/** Sends one request, once, on a connection of its own. */
export function ask(fetch: OutsideFetch, one: Ask): Promise<OutsideAnswer> {
  const { account, settings } = one;
  const credentials = Buffer.from(`${account.user}:${account.password}`).toString("base64");
  const query = one.query === undefined ? "" : `?${encoded(one.query)}`;
  const path = one.path === "" ? ".json" : `/${one.path}`;
  return fetch({
    method: one.method,
    url: `${account.baseUrl}/2010-04-01/Accounts/${account.sid}${path}${query}`,
    headers: {
      accept: "application/json",
      authorization: `Basic ${credentials}`,
      "user-agent": "Carillon",
      ...(one.form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
    },
    ...(one.form !== undefined && { body: encoded(one.form) }),
    ...(one.deadlineAt !== undefined && { deadlineAt: one.deadlineAt }),
    timeoutMs: settings.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    allowPrivate: settings.allow_private === true,
  });
}

export function isSuccess(answer: OutsideAnswer): boolean {
  return answer.kind === "answer" && answer.status >= 200 && answer.status < 300;
}

/** The code of one of Twilio's errors; null when the answer holds none. */
export function codeIn(answer: OutsideAnswer): number | null {
  const code = objectIn(answer)?.["code"];
  return typeof code === "number" && Number.isInteger(code) && code > 0 ? code : null;
}

/** What went wrong, short, and without what could be a phone number. */
export function troubleIn(answer: OutsideAnswer): string {
  if (answer.kind !== "answer") return withoutNumbers(answer.detail);
  const message = objectIn(answer)?.["message"];
  const code = codeIn(answer);
  const words = typeof message === "string" ? `: ${message}` : "";
  return withoutNumbers(`HTTP ${answer.status}${code === null ? "" : `, Twilio ${code}`}${words}`);
}

function encoded(params: Params): string {
  return new URLSearchParams(params.map(([name, value]) => [name, value])).toString();
}
