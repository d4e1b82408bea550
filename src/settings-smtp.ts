import { type Setting, flag, optional, port, sender, text, withDefault } from "./setting.ts";

/** The operator's mail server, for e-mail to people and about events. */
export const smtpSettings = {
  smtpHost: optional(
    {
      name: "SMTP_HOST",
      meaning:
        "The mail server that takes e-mail; without it, what people are to be told goes to the outbox folder.",
      expected: "a host name",
    },
    text,
  ),
  smtpPort: withDefault({ name: "SMTP_PORT", meaning: "Its port." }, "587", port),
  smtpSecure: optional(
    {
      name: "SMTP_SECURE",
      meaning:
        "TLS from the first byte. Without it: on port 465 only; elsewhere TLS begins with STARTTLS where the server offers it.",
    },
    flag,
  ),
  smtpUser: optional({ name: "SMTP_USER", meaning: "The user name, where the server wants one." }, text),
  smtpPassword: optional({ name: "SMTP_PASSWORD", secret: true, meaning: "That user's password." }, text),
  smtpFrom: optional(
    {
      name: "SMTP_FROM",
      meaning: "Whom e-mail comes from. Without it: `SMTP_USER`, if that is an address.",
    },
    sender,
  ),
} as const satisfies Record<string, Setting<unknown>>;

type Values = { readonly [K in keyof typeof smtpSettings]: (typeof smtpSettings)[K]["absent"] };

export type Smtp = {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly from: string;
};

const tlsPort = 465;

/** The mail server as it is to be used, or null without one. */
export function smtpOf(values: Values): Smtp | null {
  const { smtpHost: host, smtpPort, smtpSecure, smtpUser: user, smtpPassword: password } = values;
  const from = senderOf(values);
  if (host === null || from === null) return null;
  return { host, port: smtpPort, secure: smtpSecure ?? smtpPort === tlsPort, user, password, from };
}

/** What is missing beside a mail server that was named, in words; null when nothing is. */
export function smtpProblem(values: Values): string | null {
  if (values.smtpHost === null || senderOf(values) !== null) return null;
  return "SMTP_HOST is set and SMTP_FROM is not: expected the address that e-mail comes from.";
}

function senderOf({ smtpFrom, smtpUser }: Values): string | null {
  return smtpFrom ?? (smtpUser !== null && sender.read(smtpUser).ok ? smtpUser : null);
}
