import type { Transporter } from "nodemailer";
import type {
  Channel,
  ChannelPorts,
  Message,
  Sent,
  SmtpSettings,
  Target,
  TargetCheck,
} from "../../ports/channel.ts";
import { letterOf } from "./letter.ts";

const RECIPIENTS_MAX = 20;
const CONNECT_MS = 10_000;
const SILENCE_MS = 15_000;
/** A server that puts a message off is asked again after this at the earliest (RFC 5321 4.5.4.1 proposes half an hour). */
const PUT_OFF_MS = 300_000;
/** Visible ASCII without anything that separates addresses or starts a header. */
const ADDRESS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}$/;

/** An e-mail for each event, handed to the operator's mail server. */
export function openEmail({ smtp, log }: ChannelPorts): Channel {
  let opened: Promise<Transporter> | null = null;
  return {
    missing: smtp === null ? "E-mail needs SMTP_HOST and SMTP_FROM." : null,
    readTarget,
    async send(message) {
      if (smtp === null) return { kind: "retry", detail: "No mail server is set: SMTP_HOST, SMTP_FROM." };
      opened ??= connect(smtp);
      const sent = await send(await opened, smtp, message);
      if (sent.kind === "retry") log.warn("An e-mail could not be handed over yet.", { detail: sent.detail });
      return sent;
    },
    async close() {
      (await opened)?.close();
    },
  };
}

function readTarget(input: Target): TargetCheck {
  const { to, ...others } = input;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return { ok: false, pointer: `/${unknown}`, detail: "E-mail takes only to." };
  if (!Array.isArray(to) || to.length === 0 || to.length > RECIPIENTS_MAX)
    return { ok: false, pointer: "/to", detail: `to must be a list of 1 to ${RECIPIENTS_MAX} addresses.` };
  const wrong = to.findIndex((address) => typeof address !== "string" || !ADDRESS.test(address));
  if (wrong !== -1)
    return { ok: false, pointer: `/to/${wrong}`, detail: "It must be an address such as team@example.com." };
  return { ok: true, target: { to } };
}

/** The library is loaded with the first e-mail. */
async function connect(smtp: SmtpSettings): Promise<Transporter> {
  const { createTransport } = await import("nodemailer");
  return createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.secure,
    ...(smtp.user === null ? {} : { auth: { user: smtp.user, pass: smtp.password ?? "" } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

async function send(transport: Transporter, smtp: SmtpSettings, message: Message): Promise<Sent> {
  const to = message.target["to"] as readonly string[];
  const { subject, text } = letterOf(message.type, message.body);
  try {
    const info = await transport.sendMail({
      from: smtp.from,
      to: [...to],
      subject,
      text,
      // The same at each try, so that a copy can be told from another message.
      messageId: `<${message.id}@${domainOf(smtp.from)}>`,
      headers: { "auto-submitted": "auto-generated" },
    });
    const refused = info.rejected?.length ?? 0;
    return {
      kind: "delivered",
      ...(refused > 0 && { detail: `${refused} of ${to.length} addresses were refused` }),
    };
  } catch (error) {
    return judge(error);
  }
}

type SmtpError = Error & {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
};

/**
 * 4yz is for now, 5yz for good (RFC 5321 4.2.1). Wrong credentials, and whatever goes wrong before the server answers to
 * this message, are the operator's to mend: it is tried again.
 */
function judge(thrown: unknown): Sent {
  const error = thrown as SmtpError;
  const status = error.responseCode ?? 0;
  const said = (error.response ?? error.message).replaceAll(/\p{Cc}+/gu, " ").slice(0, 300);
  const answer = status === 0 ? {} : { answer: { status, body: said } };
  if (status >= 500 && error.code !== "EAUTH" && error.code !== "ECONNECTION" && error.code !== "EPROTOCOL")
    return { kind: "failed", detail: `SMTP ${status}`, ...answer };
  if (status >= 400) return { kind: "retry", detail: `SMTP ${status}`, afterMs: PUT_OFF_MS, ...answer };
  return { kind: "retry", detail: `${error.code ?? "SMTP"}: ${said}` };
}

function domainOf(from: string): string {
  return /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? "localhost";
}
