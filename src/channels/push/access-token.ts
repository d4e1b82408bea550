import { retryAfterMs } from "../../domain/retry-after.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";
import type { FirebaseAccount, MessengerPorts } from "../../ports/messenger.ts";
import { objectIn } from "../../domain/json-object.ts";

/** A key that opens Google's interface for an hour; or why there is none. */
export type Access =
  | { readonly kind: "token"; readonly token: string }
  | {
      readonly kind: "none";
      readonly detail: string;
      /** So long Google wants not to be asked again, where it says so. */
      readonly afterMs: number | null;
      /** Somebody has to put the account right. */
      readonly isOurs: boolean;
    };

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TIMEOUT_MS = 4_000;
/** Google takes no assertion that lives longer (s). */
const ASSERTION_SECONDS = 3600;
/** Its clock may be a little behind ours. */
const SKEW_SECONDS = 30;
/** No token is used so close to its end, nor longer than this whatever its end is. */
const MARGIN_MS = 120_000;
const LIFE_MAX_MS = 3_600_000;

/**
 * The access token of a service account (RFC 7523, https://developers.google.com/identity/protocols/oauth2/service-account),
 * kept until shortly before its end. However many ask at once, one new token is asked for.
 */
export class AccessTokens {
  readonly #ports: Pick<MessengerPorts, "realClock" | "fetch">;
  readonly #account: FirebaseAccount;
  #kept: { readonly token: string; readonly until: number } | null = null;
  #asking: Promise<Access> | null = null;

  constructor(ports: Pick<MessengerPorts, "realClock" | "fetch">, account: FirebaseAccount) {
    this.#ports = ports;
    this.#account = account;
  }

  async get(): Promise<Access> {
    const kept = this.#kept;
    if (kept !== null && this.#ports.realClock.now() < kept.until)
      return { kind: "token", token: kept.token };
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Google does not honour this token any more; a newer one that somebody else got meanwhile is kept. */
  drop(token: string): void {
    if (this.#kept?.token === token) this.#kept = null;
  }

  async #ask(): Promise<Access> {
    const now = this.#ports.realClock.now();
    const answer = await this.#ports.fetch({
      method: "POST",
      url: this.#account.tokenUrl,
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "Carillon",
      },
      body: new URLSearchParams({
        grant_type: GRANT,
        assertion: await assertionOf(this.#account, Math.floor(now / 1000) - SKEW_SECONDS),
      }).toString(),
      timeoutMs: TIMEOUT_MS,
      allowPrivate: false,
    });
    const fields = objectIn(answer);
    const [token, seconds] = [fields?.["access_token"], fields?.["expires_in"]];
    if (answer.kind !== "answer" || answer.status !== 200 || typeof token !== "string" || token === "")
      return refusalIn(answer, now);
    const lifeMs = Math.min(typeof seconds === "number" ? seconds * 1000 : 0, LIFE_MAX_MS);
    this.#kept = { token, until: now + lifeMs - MARGIN_MS };
    return { kind: "token", token };
  }
}

/** A statement, signed with the account's key, that it is this account that asks. `issuedAt` in seconds. */
async function assertionOf(account: FirebaseAccount, issuedAt: number): Promise<string> {
  const { SignJWT, importPKCS8 } = await import("jose");
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(account.clientEmail)
    .setAudience(account.tokenUrl)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_SECONDS)
    .sign(await importPKCS8(account.privateKey, "RS256"));
}

/** RFC 6749 5.2 says in `error` what is wrong with what we asked; all else may pass by itself. */
function refusalIn(answer: OutsideAnswer, now: number): Access {
  if (answer.kind !== "answer") return { kind: "none", detail: answer.detail, afterMs: null, isOurs: false };
  const fields = objectIn(answer);
  const words = [fields?.["error"], fields?.["error_description"]].filter((one) => typeof one === "string");
  const detail = [`HTTP ${answer.status}`, ...words].join(": ").slice(0, 200);
  const isOurs = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  const afterMs = retryAfterMs(answer.headers["retry-after"], now);
  return { kind: "none", detail, afterMs, isOurs };
}
