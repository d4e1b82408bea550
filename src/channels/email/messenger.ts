import { addressFault } from "../../domain/message-address.ts";
import type { SmtpSettings } from "../../ports/channel.ts";
import type { Letter, Messenger, MessengerPorts, Told } from "../../ports/messenger.ts";
import { type Handed, greet, handOver } from "./transport.ts";

/** Over the whole conversation, however many steps it has. */
const SEND_MS = 25_000;
const SUBJECT_MAX = 300;
const BOUNCES: readonly number[] = [550, 551, 552, 553, 554];

/** Letters to people, handed to the operator's mail server. That it takes one does not prove that it arrives. */
export function openMail(ports: MessengerPorts, smtp: SmtpSettings): Messenger {
  return {
    channel: "email",
    provider: "smtp",
    isSandbox: false,
    async check() {
      const trouble = await greet(smtp);
      if (trouble === null) return null;
      return `The mail server does not take us (${trouble}). Check SMTP_HOST, SMTP_PORT, SMTP_USER and SMTP_PASSWORD.`;
    },
    wrongAddress: (address) => addressFault("email", address),
    async send(letter) {
      return judge(await handOver(smtp, mailOf(letter), ports.within(SEND_MS)));
    },
    close: () => Promise.resolve(),
  };
}

function mailOf({ id, address, subject, body, event }: Letter) {
  const words = subject ?? event.replaceAll("_", " ");
  // One line, so that nothing can start a header.
  return { id, to: [address], subject: words.replaceAll(/\p{Cc}+/gu, " ").slice(0, SUBJECT_MAX), text: body };
}

/** 4yz is for now, 5yz for good (RFC 5321 4.2.1); our own credentials are the operator's to mend, so it is tried again. */
function judge(handed: Handed): Told {
  if (handed.kind === "taken") return { kind: "sent", reference: null, detail: handed.said };
  if (handed.kind === "lost") {
    const { code, said: detail } = handed;
    return handed.isBegun ? { kind: "unknown", code, detail } : { kind: "not_sent", code, detail };
  }
  const { status, said: detail, isOurs, isAddress } = handed;
  const code = `SMTP ${status}`;
  if (status < 500) return { kind: "not_sent", code, detail };
  if (isOurs) return { kind: "not_sent", code, detail, isOurs };
  return { kind: "failed", code, detail, ...(isAddress && BOUNCES.includes(status) && { isBounced: true }) };
}
