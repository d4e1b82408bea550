import type { OutsideFetch } from "./carrier.ts";
import type { SmtpSettings } from "./channel.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";

/** The ways in which a person is told something, other than by a call. */
export const messageChannels = ["push", "email", "sms"] as const;
export type MessageChannel = (typeof messageChannels)[number];

/** One message to one address of one person: a device token, an e-mail address or an E.164 number. */
export type Letter = {
  /** Unique for ever; the same at each try: the notification's id, and after a dot the device's where it has several. */
  readonly id: string;
  readonly channel: MessageChannel;
  readonly address: string;
  /** Null where the channel has none, or nobody gave one. */
  readonly subject: string | null;
  readonly body: string;
  /** What an app receives beside the words; text values, as FCM wants them. */
  readonly data: Readonly<Record<string, string>>;
  /** What happened, such as `appointment_reminder_24h`. */
  readonly event: string;
  /** When it was asked for (UTC ms); the same at each try. */
  readonly createdAt: number;
  /** Beyond this it is of no use (UTC ms). */
  readonly expiresAt: number;
};

/**
 * What became of a try. `sent`: the provider took it. `not_sent`: certainly nothing happened, and it may go better later;
 * not before `afterMs`, which is there only where the provider asks for time. `failed`: this message will never be taken
 * there; `isGone` when the address takes nothing any more, `isBounced` when a mail server or operator refused the address.
 * `unknown`: it may have been taken; it is never sent again. `isOurs`: the fault is in our own credentials or settings, and
 * nothing goes better until somebody acts.
 */
export type Told =
  | { readonly kind: "sent"; readonly reference: string | null; readonly detail?: string }
  | {
      readonly kind: "not_sent";
      readonly code: string;
      readonly detail: string;
      readonly afterMs?: number;
      readonly isOurs?: boolean;
    }
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly detail: string;
      readonly isGone?: boolean;
      readonly isBounced?: boolean;
      readonly isOurs?: boolean;
    }
  | { readonly kind: "unknown"; readonly code: string; readonly detail: string };

/** A provider of one channel. It never throws for what the network does; a throw counts as `unknown`. */
export interface Messenger {
  readonly channel: MessageChannel;
  /** Such as `fcm`, `smtp`, `twilio`, or `outbox`: the folder that stands in for a provider without credentials. */
  readonly provider: string;
  /** True when nobody outside is told anything. */
  readonly isSandbox: boolean;
  /** What keeps it from sending, in a sentence with the cure; null when it is ready. For doctor and health. */
  check(): Promise<string | null>;
  /** Why an address is none of this channel, in a sentence; null when it is one. */
  wrongAddress(address: string): string | null;
  /** Tries once, within half a minute. */
  send(letter: Letter): Promise<Told>;
  /** Releases what it holds open. */
  close(): Promise<void>;
}

/** What the operator has set for telling people. */
export type MessengerSettings = {
  /** The service account's JSON file (FIREBASE_CREDENTIALS_PATH), already read; null: push goes to the outbox folder. */
  readonly firebase: FirebaseAccount | null;
  readonly smtp: SmtpSettings | null;
  /** The account for text messages, and who they come from; null: they go to the outbox folder. */
  readonly sms: SmsAccount | null;
  /** The folder that stands in for a provider without credentials. */
  readonly outboxFolder: string;
};

export type FirebaseAccount = {
  readonly projectId: string;
  readonly clientEmail: string;
  /** PEM, PKCS #8. Secret. */
  readonly privateKey: string;
  /** Where access tokens come from, and where messages go; other addresses than Google's only in tests. */
  readonly tokenUrl: string;
  readonly apiUrl: string;
};

export type SmsAccount = {
  readonly accountSid: string;
  readonly authToken: string;
  /** An E.164 number, a short code, a name of up to 11 characters, or a messaging service (MG…). */
  readonly from: string;
  readonly apiUrl: string;
};

export type MessengerPorts = {
  readonly clock: Pick<Clock, "now">;
  /** The machine's own time, which a moved test clock does not change: what others hold against their clocks is told in it. */
  readonly realClock: Pick<Clock, "now">;
  /** A signal that aborts after so much real time (ms). */
  readonly within: (ms: number) => AbortSignal;
  readonly random: Random;
  readonly log: Log;
  readonly fetch: OutsideFetch;
  readonly settings: MessengerSettings;
  /** Writes one file of the outbox folder, making the folder where it is missing. Throws what the file system says. */
  readonly writeOutbox: (name: string, text: string) => Promise<void>;
};

/** A registry entry in `channels/messengers.ts`. */
export type OpenMessenger = (ports: MessengerPorts) => Messenger;
