import twilio from "twilio";

import type { SmsAccount } from "../../src/ports/messenger.ts";
import {
  type Loopback,
  type Reply,
  type Request,
  type Taking,
  isTaken,
  json,
  listenOnLoopback,
  replyTo,
} from "./loopback.ts";

const SID = `AC${"0123456789abcdef".repeat(2)}`;
const TOKEN = "stand-in-auth-token-0123456789ab";

/**
 * A server on loopback that speaks as much of Twilio's Messages interface as Carillon uses. What it is sent is held against
 * what Twilio's own library would have sent; `faults` says where it differs.
 */
export class SmsStandIn {
  readonly taken: URLSearchParams[] = [];
  readonly faults: string[] = [];
  /** Create requests that arrived, whatever became of them. */
  posts = 0;
  next: Taking = "takes";
  accountStatus = "active";
  /** What it takes for genuine; another one after the account was given is a token that was changed. */
  authToken = TOKEN;
  onArrival: () => void = () => {};
  #server: Loopback | null = null;

  async listen(): Promise<this> {
    this.#server = await listenOnLoopback((request) => this.#respond(request));
    return this;
  }

  get account(): SmsAccount {
    return {
      accountSid: SID,
      authToken: TOKEN,
      from: "+12125550190",
      apiUrl: this.#server?.url ?? "http://127.0.0.1:9",
    };
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #respond({ method, url, headers, body }: Request): Promise<Reply> {
    const account = `/2010-04-01/Accounts/${SID}`;
    const expected = `Basic ${Buffer.from(`${SID}:${this.authToken}`).toString("base64")}`;
    if (method === "POST") this.posts += 1;
    if (headers.authorization !== expected) return twilioFault(401, 20_003, "Authenticate");
    if (method === "GET" && url === `${account}.json`)
      return json(200, { sid: SID, status: this.accountStatus, friendly_name: "Stand-in" });
    if (method !== "POST" || url !== `${account}/Messages.json`)
      return twilioFault(404, 20_404, "The requested resource was not found");
    this.onArrival();
    const { next } = this;
    if (isTaken(next)) {
      const params = new URLSearchParams(body);
      this.faults.push(...(await faultsOf(params)));
      this.taken.push(params);
    }
    const sid = `SM${this.taken.length.toString(16).padStart(32, "0")}`;
    return replyTo(next, json(201, { sid, status: "queued", error_code: null }));
  }
}

/** An error as Twilio writes it. */
export function twilioFault(
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Exclude<Reply, string> {
  const more = `https://www.twilio.com/docs/errors/${code}`;
  return json(status, { code, message, more_info: more, status }, headers);
}

/** What the request says, said again by Twilio's own library: every name must be one that it knows, and no value may change. */
async function faultsOf(params: URLSearchParams): Promise<string[]> {
  let sent: Record<string, unknown> = {};
  let uri = "";
  const client = twilio(SID, TOKEN, {
    httpClient: {
      request: (options: { readonly data?: object; readonly uri?: string }) => {
        sent = { ...options.data };
        uri = options.uri ?? "";
        return Promise.resolve({ statusCode: 201, body: "{}" });
      },
    } as never,
  });
  const given = Object.fromEntries(
    [...params].map(([name, value]) => [`${name[0]?.toLowerCase()}${name.slice(1)}`, value]),
  );
  await client.messages.create(given as never);
  const faults = uri.endsWith(`/2010-04-01/Accounts/${SID}/Messages.json`) ? [] : [`the path is ${uri}`];
  for (const name of new Set([...params.keys(), ...Object.keys(sent)])) {
    const [ours, theirs] = [params.getAll(name).join(), String(sent[name])];
    if (ours !== theirs) faults.push(`${name}: ${ours} is ${theirs}`);
  }
  return faults;
}
