import { objectIn } from "../../domain/json-object.ts";
import type {
  Carrier,
  CarrierCheck,
  CarrierPorts,
  LineFacts,
  LookupAnswer,
  LookupOrder,
} from "../../ports/carrier.ts";
import type { Order, OutsideAnswer, PlaceAnswer } from "../../ports/carrier.ts";
import { ask, isSuccess, troubleIn } from "./api.ts";
import { checkAccount } from "./check.ts";
import { formOf } from "./form.ts";
import { findInListing } from "./listing.ts";
import { TROUBLE_MS, readRefusal } from "./refusal.ts";
import { reportsOf } from "./report.ts";
import { readResource, wordsOf } from "./resource.ts";
import type { Resource } from "./resource.ts";
import { accountOf } from "./settings.ts";
import type { Account, TwilioDefaults, TwilioSettings } from "./settings.ts";

/** So long after the request an empty list means that there is no such call; sooner it may only be late. */
export const ABSENT_AFTER_MS = 300_000;
const KNOWN_MAX = 10_000;

/** Twilio Programmable Voice as a carrier. It holds nothing open. */
export class TwilioCarrier implements Carrier {
  readonly #ports: CarrierPorts;
  readonly #defaults: TwilioDefaults;
  /** Whose a call is, for the calls that this process has learned of last. */
  readonly #owners = new Map<string, string>();

  constructor(ports: CarrierPorts, defaults: TwilioDefaults) {
    this.#ports = ports;
    this.#defaults = defaults;
  }

  async place(order: Order): Promise<PlaceAnswer> {
    const settings = order.settings as TwilioSettings;
    const account = accountOf(settings, this.#defaults);
    if (account === null) return this.#broken("There is no account_sid or auth_token.");
    const form = formOf(order, this.#defaults);
    if (!form.ok) {
      return form.isCalls
        ? { kind: "refused", outcome: "blocked", detail: form.detail, isOurs: true }
        : this.#broken(form.detail);
    }
    const answer = await ask(this.#ports.fetch, {
      account,
      settings,
      method: "POST",
      path: "Calls.json",
      form: form.params,
      deadlineAt: order.deadlineAt,
    });
    if (answer.kind === "not_sent")
      return { kind: "refused", outcome: "not_placed", detail: troubleIn(answer) };
    if (answer.kind === "unknown") return { kind: "unknown", detail: troubleIn(answer) };
    if (isSuccess(answer)) return this.#readTaken(order, answer);
    const refusal = readRefusal(answer, order.instructions !== null, this.#ports.clock.now());
    if (refusal.kind === "refused" && refusal.isOurs === true) this.#alert(order, refusal.detail);
    return refusal;
  }

  async lookup(order: LookupOrder): Promise<LookupAnswer> {
    const settings = order.settings as TwilioSettings;
    const account = accountOf(settings, this.#defaults);
    if (account === null) return { kind: "unavailable", detail: "There is no account_sid or auth_token." };
    const { carrierRef } = order;
    if (carrierRef !== null) {
      const answer = await this.#get(account, settings, `Calls/${carrierRef}.json`);
      const call = isSuccess(answer) ? readResource(objectIn(answer)) : null;
      // Also a 404: what Twilio has just made is not at once on all its servers.
      if (call === null) return { kind: "unavailable", detail: troubleIn(answer) };
      return this.#found(order, account, settings, call);
    }
    const from = order.from ?? this.#defaults.phoneNumber ?? null;
    if (from === null) return { kind: "unavailable", detail: "The line has no caller id to look for." };
    const isOthers = (sid: string) => this.#isOthers(order, sid);
    const listing = await findInListing({
      fetch: this.#ports.fetch,
      account,
      settings,
      order,
      from,
      isOthers,
    });
    if (listing.kind === "unavailable") return listing;
    if (listing.kind === "found") {
      // It may have been found for another attempt while we asked.
      if (await isOthers(listing.call.sid))
        return { kind: "unavailable", detail: "Another attempt was quicker." };
      return this.#found(order, account, settings, listing.call);
    }
    if (this.#ports.clock.now() - order.placedAt >= ABSENT_AFTER_MS) return { kind: "absent" };
    return { kind: "unavailable", detail: "Twilio's list does not show it yet." };
  }

  async hangUp(order: LookupOrder): Promise<boolean> {
    const settings = order.settings as TwilioSettings;
    const account = accountOf(settings, this.#defaults);
    if (account === null) return false;
    let { carrierRef } = order;
    if (carrierRef === null) {
      const found = await this.lookup(order);
      if (found.kind !== "found") return found.kind === "absent";
      carrierRef = found.carrierRef;
    }
    const answer = await ask(this.#ports.fetch, {
      account,
      settings,
      method: "POST",
      path: `Calls/${carrierRef}.json`,
      // `canceled` leaves a call alone that has been answered.
      form: [["Status", order.isAnswered ? "completed" : "canceled"]],
    });
    if (isSuccess(answer)) return true;
    // It may have ended by itself.
    const call = readResource(objectIn(await this.#get(account, settings, `Calls/${carrierRef}.json`)));
    return call !== null && ENDED.includes(call.status);
  }

  async check(settings: unknown, line: LineFacts): Promise<CarrierCheck> {
    const account = accountOf(settings as TwilioSettings, this.#defaults);
    if (account === null) {
      return {
        ok: false,
        detail: "There is no account_sid or auth_token.",
        cure: "Set both on the line, or TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN where the server starts.",
      };
    }
    return checkAccount({
      fetch: this.#ports.fetch,
      account,
      settings: settings as TwilioSettings,
      line: { ...line, from: line.from ?? this.#defaults.phoneNumber ?? null },
      webhookUrl: this.#defaults.webhookUrl ?? null,
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #readTaken(order: Order, answer: OutsideAnswer): PlaceAnswer {
    const call = readResource(objectIn(answer));
    if (call === null) return { kind: "unknown", detail: `${troubleIn(answer)} without a call` };
    this.#remember(call.sid, order.attemptKey);
    return { kind: "accepted", carrierRef: call.sid, reports: [] };
  }

  async #found(
    order: LookupOrder,
    account: Account,
    settings: TwilioSettings,
    call: Resource,
  ): Promise<LookupAnswer> {
    this.#remember(call.sid, order.attemptKey);
    const errorCode =
      call.status === "failed" ? await this.#whyFailed(account, settings, call.sid) : undefined;
    const words = wordsOf(call, settings.voicemail_proof ?? "beep", this.#ports.clock.now(), errorCode);
    return { kind: "found", carrierRef: call.sid, reports: words.flatMap(reportsOf) };
  }

  /** A call's resource does not hold the error that ended it, its notifications do. */
  async #whyFailed(account: Account, settings: TwilioSettings, sid: string): Promise<number | undefined> {
    const answer = await this.#get(account, settings, `Calls/${sid}/Notifications.json`);
    const all = isSuccess(answer) ? objectIn(answer)?.["notifications"] : undefined;
    const first = (Array.isArray(all) ? all[0] : undefined) as { readonly error_code?: unknown } | undefined;
    const code = Number(first?.error_code);
    return Number.isInteger(code) && code > 0 ? code : undefined;
  }

  #get(account: Account, settings: TwilioSettings, path: string): Promise<OutsideAnswer> {
    return ask(this.#ports.fetch, { account, settings, method: "GET", path });
  }

  async #isOthers(order: LookupOrder, sid: string): Promise<boolean> {
    const owner = this.#owners.get(sid);
    return owner === undefined ? order.isOthers(sid) : owner !== order.attemptKey;
  }

  #remember(sid: string, attemptKey: string): void {
    if (this.#owners.has(sid)) return;
    for (const oldest of this.#owners.keys()) {
      if (this.#owners.size < KNOWN_MAX) break;
      this.#owners.delete(oldest);
    }
    this.#owners.set(sid, attemptKey);
  }

  #broken(detail: string): PlaceAnswer {
    return { kind: "refused", outcome: "carrier_error", detail, retryAfterMs: TROUBLE_MS, isOurs: true };
  }

  #alert(order: Order, detail: string): void {
    this.#ports.log.error(
      "Twilio refuses calls until somebody puts the account, the line or the call right.",
      {
        attempt: order.attemptId,
        detail,
      },
    );
  }
}

const ENDED: readonly string[] = ["completed", "busy", "no-answer", "failed", "canceled"];
