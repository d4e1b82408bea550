import { Readable } from "node:stream";
import type { SmtpSettings } from "../../ports/channel.ts";

const CONNECT_MS = 10_000;
const SILENCE_MS = 15_000;
const SAID_MAX = 300;

/** A letter as a mail server gets it. The id is the same at each try, so that a copy can be told from another message. */
export type Mail = {
  readonly id: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
};

/**
 * What became of a letter. `refused`: the server answered so, to the last command that was sent; with `isOurs` because of
 * our credentials or before it heard of this letter. `lost`: no answer; with `isBegun` the server may have all of it.
 */
export type Handed =
  | { readonly kind: "taken"; readonly refused: number; readonly said: string }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly said: string;
      readonly isOurs: boolean;
      /** The server refused the address of the recipient, and nothing else. */
      readonly isAddress: boolean;
    }
  | { readonly kind: "lost"; readonly code: string; readonly said: string; readonly isBegun: boolean };

/** Hands one letter to the mail server, once, over a connection of its own. It never rejects for what the network does. */
export async function handOver(smtp: SmtpSettings, mail: Mail, signal?: AbortSignal): Promise<Handed> {
  const transport = await transportTo(smtp);
  let isBegun = false;
  transport.use("stream", ({ message }, done) => {
    const whole = message.createReadStream.bind(message);
    // Read only once the server has agreed to DATA; from then on it may have the letter, whatever it says or does not say.
    message.createReadStream = (options) =>
      noting(whole(options), () => {
        isBegun = true;
      });
    done();
  });
  try {
    const info = await transport.sendMail({
      from: smtp.from,
      to: [...mail.to],
      subject: mail.subject,
      text: mail.text,
      messageId: `<${mail.id}@${domainOf(smtp.from)}>`,
      headers: { "auto-submitted": "auto-generated" },
      ...(signal !== undefined && { signal }),
    });
    return { kind: "taken", refused: info.rejected?.length ?? 0, said: words(info.response ?? "") };
  } catch (error) {
    return judge(error as SmtpError, isBegun);
  }
}

/** Connects and presents the credentials, without a letter; what is wrong, in words, or null. */
export async function greet(smtp: SmtpSettings): Promise<string | null> {
  try {
    await (await transportTo(smtp)).verify();
    return null;
  } catch (error) {
    const { code, response, message } = error as SmtpError;
    return `${code ?? "SMTP"}: ${words(response ?? message)}`;
  }
}

/** The library is loaded with the first letter. Nothing is held open between two. */
async function transportTo(smtp: SmtpSettings) {
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

type SmtpError = Error & {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
};

/** Refusals of our own doing: of the credentials (RFC 4954 6), and of the connection before any letter. */
const OUR_CODES: readonly string[] = ["EAUTH", "ECONNECTION", "EPROTOCOL", "ETLS"];
const AUTH_STATUSES: readonly number[] = [530, 534, 535, 538];

function judge(error: SmtpError, isBegun: boolean): Handed {
  const said = words(error.response ?? error.message);
  const status = error.responseCode ?? 0;
  const code = error.code ?? "SMTP";
  if (status < 400) return { kind: "lost", code, said, isBegun };
  const isOurs = OUR_CODES.includes(code) || AUTH_STATUSES.includes(status);
  return { kind: "refused", status, said, isOurs, isAddress: error.command === "RCPT TO" };
}

/** A stream of the same bytes that says when the first of them is asked for. */
function noting(source: Readable, begin: () => void): Readable {
  return Readable.from(begun(source, begin), { objectMode: false });
}

async function* begun(source: Readable, begin: () => void): AsyncGenerator<Uint8Array> {
  begin();
  yield* source as AsyncIterable<Uint8Array>;
}

/** One line of what a server said. */
function words(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, SAID_MAX);
}

function domainOf(from: string): string {
  return /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? "localhost";
}
