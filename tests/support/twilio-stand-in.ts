import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import twilio from "twilio";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";

/** What becomes of the next create request. */
export type Creation =
  /** Taken and answered. */
  | "takes"
  /** Taken, and the connection is closed, or reset, before the answer. */
  | "loses_answer"
  | "resets"
  /** Taken, and never answered. */
  | "hangs"
  /** Taken, and answered with this status and a page of a proxy. */
  | { readonly afterTaking: number }
  /** Not taken, and answered so. */
  | { readonly status: number; readonly code?: number; readonly retryAfter?: string };

export type PlayedCall = {
  readonly sid: string;
  readonly params: URLSearchParams;
  readonly createdAt: number;
  status: string;
  startAt: number | null;
  endAt: number | null;
  answeredBy: string | null;
  errorCode: number | null;
  sequence: number;
};

/** A callback as Twilio would send it. */
export type Message = {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
};

/** A request to it; the URL may be a path alone. */
export type Request = {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly authorization: string | undefined;
};
type Answer = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };
export type Reply = Answer | "close" | "reset" | "hang";

export type Playing = {
  readonly accountSid?: string;
  readonly authToken?: string;
  /** UTC ms. */
  readonly now: () => number;
};

export const STAND_IN_SID = `AC${"0123456789abcdef".repeat(2)}`;
export const STAND_IN_TOKEN = "stand-in-auth-token-0123456789ab";
export const STAND_IN_NUMBER = "+12125550190";

/** Error codes of Twilio's own test numbers. */
const MAGIC: Readonly<Record<string, number>> = {
  "+15005550001": 21_217,
  "+15005550002": 21_214,
  "+15005550003": 21_215,
  "+15005550004": 21_216,
};
const ENDED = ["completed", "busy", "no-answer", "failed", "canceled"];

/**
 * A server on loopback that speaks as much of Twilio's published interface as Carillon uses. What it is sent is held against
 * what Twilio's own library would have sent (`faults` says where it differs), and what it sends is signed by that library.
 */
export class TwilioStandIn {
  readonly accountSid: string;
  readonly authToken: string;
  readonly calls: PlayedCall[] = [];
  /** What no client of Twilio's should have done. */
  readonly faults: string[] = [];
  /** Create requests that arrived, whatever became of them. */
  posts = 0;
  /** Every other request, as "METHOD path". */
  readonly asked: string[] = [];
  next: Creation = "takes";
  /** False: calls that exist are not listed yet, and not found by their id. */
  isConsistent = true;
  accountStatus = "active";
  readonly #now: () => number;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  onTaken: (call: PlayedCall) => void = () => {};

  constructor(playing: Playing) {
    this.accountSid = playing.accountSid ?? STAND_IN_SID;
    this.authToken = playing.authToken ?? STAND_IN_TOKEN;
    this.#now = playing.now;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The settings of a line that leads here. */
  get settings() {
    return {
      account_sid: this.accountSid,
      auth_token: this.authToken,
      base_url: this.url,
      allow_private: true,
      say: "Hello",
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  /** The call goes on, and this is what Twilio sends about it; null when nobody asked for it. */
  event(call: PlayedCall, status: string, more: Record<string, string> = {}): Message | null {
    call.status = status === "initiated" ? "queued" : status;
    if (status === "in-progress") call.startAt = this.#now();
    const isEnd = ENDED.includes(status);
    if (isEnd) call.endAt = this.#now();
    const event =
      { initiated: "initiated", ringing: "ringing", "in-progress": "answered" }[status] ?? "completed";
    const target = call.params.get("StatusCallback");
    const sequence = call.sequence++;
    if (target === null || !call.params.getAll("StatusCallbackEvent").includes(event)) return null;
    return this.message(target, {
      ...this.#common(call, status),
      Timestamp: new Date(this.#now()).toUTCString().replace("GMT", "+0000"),
      CallbackSource: "call-progress-events",
      SequenceNumber: String(sequence),
      ...(status === "completed" && {
        CallDuration: String(durationOf(call)),
        Duration: "1",
        SipResponseCode: "200",
      }),
      ...more,
    });
  }

  /** What answering machine detection says. */
  detection(call: PlayedCall, answeredBy: string): Message | null {
    call.answeredBy = answeredBy.startsWith("machine") ? "machine_start" : answeredBy;
    const target = call.params.get("AsyncAmdStatusCallback");
    if (target === null || call.params.get("AsyncAmd") !== "true") return null;
    return this.message(target, {
      CallSid: call.sid,
      AccountSid: this.accountSid,
      AnsweredBy: answeredBy,
      MachineDetectionDuration: "2400",
    });
  }

  /** Twilio's question what to do in a call that was answered, as a POST. */
  question(call: PlayedCall, more: Record<string, string> = {}): Message | null {
    const target = call.params.get("Url");
    return target === null ? null : this.message(target, { ...this.#common(call, "in-progress"), ...more });
  }

  /** A form, signed. */
  message(url: string, params: Record<string, string>): Message {
    const signature = getExpectedTwilioSignature(this.authToken, url, params);
    return {
      url,
      headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature },
      body: new URLSearchParams(params).toString(),
    };
  }

  #common(call: PlayedCall, status: string): Record<string, string> {
    return {
      CallSid: call.sid,
      AccountSid: this.accountSid,
      From: call.params.get("From") ?? "",
      To: call.params.get("To") ?? "",
      CallStatus: status,
      ApiVersion: "2010-04-01",
      Direction: "outbound-api",
      ForwardedFrom: "",
      CallerName: " ",
    };
  }

  /** What it answers, or does instead. Also without a socket, for engines on a clock that a test moves. */
  async respond(request: Request): Promise<Reply> {
    const url = new URL(request.url, this.#server.listening ? this.url : "http://stand-in");
    const expected = `Basic ${Buffer.from(`${this.accountSid}:${this.authToken}`).toString("base64")}`;
    const account = `/2010-04-01/Accounts/${this.accountSid}`;
    const path = url.pathname.startsWith(account) ? url.pathname.slice(account.length) : null;
    const isKnown = request.authorization === expected;
    if (request.method === "POST" && path === "/Calls.json") {
      this.posts += 1;
      return isKnown ? this.#create(new URLSearchParams(request.body)) : fault(401, 20_003, "Authenticate");
    }
    // Not Twilio's, but ours: so that a check of our own address can succeed.
    if (url.pathname === "/self/livez") return json(200, { status: "ok" });
    this.asked.push(`${request.method} ${path ?? url.pathname}${url.search}`);
    if (!isKnown) return fault(401, 20_003, "Authenticate");
    if (path === null) return fault(404, 20_404, "The requested resource was not found");
    const [, sid = "", part = ""] = /^\/Calls\/(CA[0-9a-f]{32})(?:\/(\w+))?\.json$/.exec(path) ?? [];
    const call = this.calls.find((one) => one.sid === sid && this.isConsistent);
    if (sid !== "" && call === undefined) return fault(404, 20_404, "The resource was not found");
    if (call !== undefined && part === "" && request.method === "POST")
      return this.#update(call, new URLSearchParams(request.body));
    if (call !== undefined) return json(200, this.#shown(call, part));
    if (path === "/Calls.json") return json(200, { calls: this.#listed(url.searchParams) });
    if (path === ".json") {
      const { accountSid: sid, accountStatus: status } = this;
      return json(200, { sid, status, friendly_name: "Stand-in", type: "Full" });
    }
    if (path === "/IncomingPhoneNumbers.json") {
      const isOurs = url.searchParams.get("PhoneNumber") === STAND_IN_NUMBER;
      return json(200, { incoming_phone_numbers: isOurs ? [{ phone_number: STAND_IN_NUMBER }] : [] });
    }
    if (path === "/OutgoingCallerIds.json") return json(200, { outgoing_caller_ids: [] });
    return fault(404, 20_404, "The requested resource was not found");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url = "/", headers } = request;
    if (method === "POST" && headers.connection !== "close")
      this.faults.push(`the connection is ${headers.connection}`);
    const body = Buffer.concat(chunks).toString();
    const reply = await this.respond({ method, url, body, authorization: headers.authorization });
    if (reply === "close") return void response.destroy();
    if (reply === "reset") return void response.socket?.resetAndDestroy();
    if (reply === "hang") return;
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  async #create(params: URLSearchParams): Promise<Reply> {
    const { next } = this;
    if (typeof next === "object" && "status" in next) {
      const headers = next.retryAfter === undefined ? {} : { "retry-after": next.retryAfter };
      if (next.code === undefined) return { status: next.status, headers, body: "" };
      const refused = fault(next.status, next.code, `Refused ${next.code} for ${params.get("To")}`);
      return { ...refused, headers: { ...refused.headers, ...headers } };
    }
    const magic = MAGIC[params.get("To") ?? ""];
    if (magic !== undefined) return fault(400, magic, "The number cannot be called");
    this.faults.push(...(await faultsOf(params)));
    const call: PlayedCall = {
      sid: `CA${(this.calls.length + 1).toString(16).padStart(32, "0")}`,
      params,
      createdAt: this.#now(),
      status: "queued",
      startAt: null,
      endAt: null,
      answeredBy: null,
      errorCode: null,
      sequence: 0,
    };
    this.calls.push(call);
    this.onTaken(call);
    if (next === "loses_answer") return "close";
    if (next === "resets") return "reset";
    if (next === "hangs") return "hang";
    if (typeof next === "object")
      return { status: next.afterTaking, headers: {}, body: "<html>Bad gateway</html>" };
    return json(201, this.#shown(call, ""));
  }

  #update(call: PlayedCall, params: URLSearchParams): Reply {
    const status = params.get("Status");
    if (ENDED.includes(call.status))
      return fault(400, 21_220, "Unable to update record. Call is not in-progress.");
    if (status === "canceled" && call.status !== "in-progress") {
      call.status = "canceled";
      call.endAt = this.#now();
    } else if (status === "completed") {
      call.status = call.status === "in-progress" ? "completed" : "canceled";
      call.endAt = this.#now();
    }
    return json(200, this.#shown(call, ""));
  }

  #listed(filter: URLSearchParams): object[] {
    if (!this.isConsistent) return [];
    return this.calls
      .filter(({ params }) =>
        ["To", "From"].every((name) => (filter.get(name) ?? params.get(name)) === params.get(name)),
      )
      .toReversed()
      .slice(0, Number(filter.get("PageSize") ?? 50))
      .map((call) => this.#shown(call, ""));
  }

  #shown(call: PlayedCall, part: string): object {
    if (part === "Notifications")
      return { notifications: call.errorCode === null ? [] : [{ error_code: String(call.errorCode) }] };
    if (part === "Events") {
      const isShown = call.endAt !== null && this.#now() - call.endAt >= 900_000;
      return {
        events: isShown ? [{ request: { url: call.params.get("StatusCallback"), method: "POST" } }] : [],
      };
    }
    const time = (at: number | null): string | null =>
      at === null ? null : new Date(at).toUTCString().replace("GMT", "+0000");
    return {
      sid: call.sid,
      account_sid: this.accountSid,
      to: call.params.get("To"),
      from: call.params.get("From"),
      status: call.status,
      direction: "outbound-api",
      date_created: time(call.createdAt),
      start_time: time(call.startAt),
      end_time: time(call.endAt),
      duration: call.endAt === null ? null : String(durationOf(call)),
      answered_by: call.answeredBy,
    };
  }
}

function durationOf(call: PlayedCall): number {
  return call.startAt === null || call.endAt === null ? 0 : Math.round((call.endAt - call.startAt) / 1000);
}

/** Parameters that hold a boolean in the library. */
const BOOLEANS = new Set(["Record"]);
const LISTS = new Set(["StatusCallbackEvent"]);

/** What the request says, said again by Twilio's own library: every name must be one that it knows, and no value may change. */
async function faultsOf(params: URLSearchParams): Promise<string[]> {
  let sent: Record<string, unknown> = {};
  const client = twilio(STAND_IN_SID, "token", {
    httpClient: {
      request: (options: { data?: object }) => {
        sent = { ...options.data };
        return Promise.resolve({ statusCode: 201, body: "{}" });
      },
    } as never,
  });
  const given: Record<string, unknown> = {};
  for (const name of new Set(params.keys())) {
    const member = name[0]?.toLowerCase() + name.slice(1);
    const [only = ""] = params.getAll(name);
    given[member] = LISTS.has(name) ? params.getAll(name) : BOOLEANS.has(name) ? only === "true" : only;
  }
  await client.calls.create(given as never);
  const faults =
    ["Url", "Twiml", "ApplicationSid"].filter((name) => params.has(name)).length === 1
      ? []
      : ["not one of Url, Twiml and ApplicationSid"];
  for (const name of new Set([...params.keys(), ...Object.keys(sent)])) {
    const [ours, theirs] = [params.getAll(name), [sent[name]].flat().map(String)];
    if (sent[name] === undefined || ours.join() !== theirs.join())
      faults.push(`${name}: ${ours.join()} is ${theirs.join()}`);
  }
  return faults;
}

function json(status: number, body: object): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function fault(status: number, code: number, message: string): Answer {
  return json(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}
