import { createPrivateKey } from "node:crypto";
import { dirname, join } from "node:path";

import type { FirebaseAccount, MessageChannel, MessengerSettings, SmsAccount } from "./ports/messenger.ts";
import { type Setting, type StoreLocation, optional, smsSender, text } from "./setting.ts";
import type { Smtp } from "./settings-smtp.ts";
import type { TwilioEnvironment } from "./settings-twilio.ts";

/** How people are told something: what push and text messages need beside `SMTP_*` and the Twilio account. */
export const messengerSettings = {
  firebaseCredentialsPath: optional(
    {
      name: "FIREBASE_CREDENTIALS_PATH",
      meaning:
        "The key of the Google service account that sends push messages (FCM). Without it they go to the outbox folder.",
      expected: "the path of a JSON file",
    },
    text,
  ),
  smsFrom: optional(
    {
      name: "SMS_FROM",
      meaning:
        "Whom text messages come from. Without it: `TWILIO_MESSAGING_SERVICE_SID`, else `TWILIO_PHONE_NUMBER`. Without `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN` they go to the outbox folder.",
    },
    smsSender,
  ),
  twilioMessagingServiceSid: optional(
    {
      name: "TWILIO_MESSAGING_SERVICE_SID",
      meaning: "The messaging service (`MG…`) that chooses whom text messages come from.",
    },
    text,
  ),
  notificationsOutbox: optional(
    {
      name: "NOTIFICATIONS_OUTBOX",
      meaning:
        "The folder to which messages of a channel without credentials are written, one file each. Without it: `carillon-outbox` beside the SQLite file, with Postgres in the working directory.",
      expected: "the path of a folder",
    },
    text,
  ),
} as const satisfies Record<string, Setting<unknown>>;

type Values = { readonly [K in keyof typeof messengerSettings]: (typeof messengerSettings)[K]["absent"] };

/** What the operator has said elsewhere. */
type Given = {
  readonly smtp: Smtp | null;
  readonly twilio: TwilioEnvironment;
  readonly store: StoreLocation;
  readonly firebase: FirebaseAccount | null;
};

export type MessengerChoice = {
  readonly settings: MessengerSettings;
  /** The channels whose messages go to the outbox folder, and what to set for a real provider, in a sentence. */
  readonly unset: Readonly<Partial<Record<MessageChannel, string>>>;
};

/** Which channel has a provider, and what the others lack. */
export function messengersOf(values: Values, { smtp, twilio, store, firebase }: Given): MessengerChoice {
  const sms = smsOf(values, twilio);
  return {
    settings: {
      firebase,
      smtp,
      sms: typeof sms === "string" ? null : sms,
      outboxFolder: values.notificationsOutbox ?? folderBeside(store),
    },
    unset: {
      ...(firebase === null && {
        push: "Set FIREBASE_CREDENTIALS_PATH to the key of a Google service account.",
      }),
      ...(smtp === null && { email: "Set SMTP_HOST and SMTP_FROM." }),
      ...(typeof sms === "string" && { sms }),
    },
  };
}

/** A sender alone sends nothing: whoever named one is told so, and not left to believe in it. Null when nothing is wrong. */
export function smsProblem({ smsFrom }: Values, { accountSid, authToken }: TwilioEnvironment): string | null {
  if (smsFrom === null || (accountSid !== null && authToken !== null)) return null;
  return "SMS_FROM is set and TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is not: expected the account that sends.";
}

export type FirebaseReading =
  | { readonly ok: true; readonly account: FirebaseAccount | null }
  | { readonly ok: false; readonly problem: string };

/** The account in the key file of a service account. `read` returns the file's text, or throws why it cannot be read. */
export function firebaseOf(
  { firebaseCredentialsPath: path }: Values,
  read: (path: string) => string,
): FirebaseReading {
  if (path === null) return { ok: true, account: null };
  const named = `FIREBASE_CREDENTIALS_PATH is ${JSON.stringify(path)}`;
  let content: string;
  try {
    content = read(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `${named}: expected a file that can be read (${why}).` };
  }
  const account = accountIn(content);
  if (account !== null) return { ok: true, account };
  const cure = "Firebase console, Project settings, Service accounts, Generate new private key";
  return {
    ok: false,
    problem: `${named}: expected the JSON key of a service account, with project_id, client_email and private_key (${cure}).`,
  };
}

/** Google's addresses are never taken from the file: a signed assertion goes to Google alone. */
const GOOGLE = { tokenUrl: "https://oauth2.googleapis.com/token", apiUrl: "https://fcm.googleapis.com" };
const TWILIO_URL = "https://api.twilio.com";
const OUTBOX_NAME = "carillon-outbox";

function accountIn(content: string): FirebaseAccount | null {
  try {
    const fields = JSON.parse(content) as Readonly<Record<string, unknown>> | null;
    const [projectId, clientEmail, key] = ["project_id", "client_email", "private_key"].map(
      (name) => fields?.[name],
    );
    if (fields?.["type"] !== "service_account") return null;
    if (typeof projectId !== "string" || !/^[a-z0-9.:-]{1,100}$/.test(projectId)) return null;
    if (typeof clientEmail !== "string" || !/^[^\s@]{1,200}@[^\s@]{1,200}$/.test(clientEmail)) return null;
    const parsed = createPrivateKey(String(key));
    if (parsed.asymmetricKeyType !== "rsa") return null;
    const privateKey = parsed.export({ type: "pkcs8", format: "pem" });
    return { projectId, clientEmail, privateKey, ...GOOGLE };
  } catch {
    // No JSON, or no key; the caller says what is expected, and nothing of what stands there.
    return null;
  }
}

/** The account, or what is missing for it. A `.env` with words still to be filled in sends nothing, and starts. */
function smsOf(
  values: Values,
  { accountSid, authToken, phoneNumber }: TwilioEnvironment,
): SmsAccount | string {
  if (accountSid === null || authToken === null)
    return "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and SMS_FROM.";
  if (!/^AC[0-9a-zA-Z]{32}$/.test(accountSid))
    return "TWILIO_ACCOUNT_SID is no account: set it to AC and 32 letters and digits.";
  const from = values.smsFrom ?? values.twilioMessagingServiceSid ?? phoneNumber;
  if (from === null) return "Set SMS_FROM to one of the account's numbers.";
  if (!smsSender.read(from).ok)
    return "TWILIO_MESSAGING_SERVICE_SID or TWILIO_PHONE_NUMBER is no sender: set SMS_FROM to one of the account's numbers.";
  return { accountSid, authToken, from, apiUrl: TWILIO_URL };
}

function folderBeside(store: StoreLocation): string {
  return store.kind === "sqlite" && store.path !== ":memory:"
    ? join(dirname(store.path), OUTBOX_NAME)
    : OUTBOX_NAME;
}
