import { isEmailAddress } from "../../domain/message-address.ts";
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
import { type Handed, handOver } from "./transport.ts";

const RECIPIENTS_MAX = 20;
/** A server that puts a message off is asked again after this at the earliest (RFC 5321 4.5.4.1 proposes half an hour). */
const PUT_OFF_MS = 300_000;

/** An e-mail for each event, handed to the operator's mail server. */
export function openEmail({ smtp, log }: ChannelPorts): Channel {
  return {
    missing: smtp === null ? "E-mail needs SMTP_HOST and SMTP_FROM." : null,
    readTarget,
    async send(message) {
      if (smtp === null) return { kind: "retry", detail: "No mail server is set: SMTP_HOST, SMTP_FROM." };
      const sent = await send(smtp, message);
      if (sent.kind === "retry") log.warn("An e-mail could not be handed over yet.", { detail: sent.detail });
      return sent;
    },
    close: () => Promise.resolve(),
  };
}

function readTarget(input: Target): TargetCheck {
  const { to, ...others } = input;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return { ok: false, pointer: `/${unknown}`, detail: "E-mail takes only to." };
  if (!Array.isArray(to) || to.length === 0 || to.length > RECIPIENTS_MAX)
    return { ok: false, pointer: "/to", detail: `to must be a list of 1 to ${RECIPIENTS_MAX} addresses.` };
  const wrong = to.findIndex((address) => !isEmailAddress(address));
  if (wrong !== -1)
    return { ok: false, pointer: `/to/${wrong}`, detail: "It must be an address such as team@example.com." };
  return { ok: true, target: { to } };
}

async function send(smtp: SmtpSettings, message: Message): Promise<Sent> {
  const to = message.target["to"] as readonly string[];
  const { subject, text } = letterOf(message.type, message.body);
  return judge(await handOver(smtp, { id: message.id, to, subject, text }), to.length);
}

/**
 * 4yz is for now, 5yz for good (RFC 5321 4.2.1). Wrong credentials, and whatever goes wrong before the server answers to
 * this message, are the operator's to mend: it is tried again.
 */
function judge(handed: Handed, recipients: number): Sent {
  if (handed.kind === "lost") return { kind: "retry", detail: `${handed.code}: ${handed.said}` };
  if (handed.kind === "taken") {
    const { refused } = handed;
    return {
      kind: "delivered",
      ...(refused > 0 && { detail: `${refused} of ${recipients} addresses were refused` }),
    };
  }
  const { status, said, isOurs } = handed;
  const answer = { status, body: said };
  if (status >= 500 && !isOurs) return { kind: "failed", detail: `SMTP ${status}`, answer };
  return { kind: "retry", detail: `SMTP ${status}`, afterMs: PUT_OFF_MS, answer };
}
