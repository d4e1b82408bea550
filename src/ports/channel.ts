import type { OutsideFetch } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** One message to one receiver. It may be sent again with the same id, after a failure or a crash. */
export type Message = {
  /** Unique for ever; the same at each try. */
  readonly id: string;
  readonly type: string;
  /** The published event as JSON. */
  readonly body: string;
  /** Where to, as `readTarget` returned it. */
  readonly target: Target;
  /** What proves who sent it, the newest first; empty where a channel proves nothing. */
  readonly secrets: readonly string[];
  /** The real time of this try (UTC ms), which a moved test clock does not change. */
  readonly sentAt: number;
};

/** Where the messages of a receiver go, as plain data. */
export type Target = Readonly<Record<string, unknown>>;
export type TargetCheck =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly pointer: string; readonly detail: string };

/**
 * How a try went. `retry`: it may go better later, and not before `afterMs` when the receiver asked for that. `failed`:
 * this message will never be taken; `isGone` when the receiver wants no other one either.
 */
export type Sent = (
  | { readonly kind: "delivered"; readonly detail?: string }
  | { readonly kind: "retry"; readonly detail: string; readonly afterMs?: number }
  | { readonly kind: "failed"; readonly detail: string; readonly isGone?: boolean }
) & {
  /** What the receiver answered, where it did. */
  readonly answer?: { readonly status: number; readonly body: string };
};

/** A way to tell somebody. It never throws for what the network does; a throw counts as `retry`. */
export interface Channel {
  /** Null when it can be used; else what the operator has to set. */
  readonly missing: string | null;
  /** Checks where messages shall go. `allowPrivate`: may that be loopback and private addresses? */
  readTarget(input: Target, allowPrivate: boolean): TargetCheck;
  /** Tries once, within half a minute. */
  send(message: Message): Promise<Sent>;
  /** Releases what it holds open. */
  close(): Promise<void>;
}

/** What a channel may use. */
export type ChannelPorts = {
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  readonly fetch: OutsideFetch;
  readonly checkUrl: OutsideUrlCheck;
  /** Null when no mail server is set. */
  readonly smtp: SmtpSettings | null;
};

/** A registry entry in `channels/index.ts`. */
export type OpenChannel = (ports: ChannelPorts) => Channel;

/** Why a URL that a user names must not be requested (without looking its name up), or null when it may. */
export type OutsideUrlCheck = (url: string, allowPrivate: boolean) => string | null;

export type SmtpSettings = {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else STARTTLS where the server offers it. */
  readonly secure: boolean;
  readonly user: string | null;
  readonly password: string | null;
  /** The sender, as an address or `Name <address>`. */
  readonly from: string;
};
