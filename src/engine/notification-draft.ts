import { DAY_MS } from "../domain/civil.ts";
import { addressFault } from "../domain/message-address.ts";
import {
  BODY_MAX,
  SUBJECT_MAX,
  cleanLine,
  cleanText,
  fillMessage,
  readMessageTemplate,
} from "../domain/message-template.ts";
import { parsePhone } from "../domain/phone.ts";
import { type Quiet, parseClock } from "../domain/quiet-hours.ts";
import { refuseField } from "../domain/refusal.ts";
import type { MessageChannel } from "../ports/messenger.ts";
import type { NotificationRow } from "../ports/notification-rows.ts";
import type { NotificationDraft, NotificationWish, QuietHours } from "../ports/program.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { zoneNamed } from "./when.ts";

/** What a person is told, in full. */
export type Words = {
  readonly subject: string | null;
  readonly body: string;
  readonly data: Readonly<Record<string, string>>;
};

/** A notification that was checked and not stored; whoever gets it is `to`. */
export type Drafted = {
  readonly dueAt: number;
  readonly words: Words;
  readonly to: { readonly recipientId: string | null; readonly address: string | null };
  readonly facts: Pick<
    NotificationRow,
    "queue" | "channel" | "event" | "quiet" | "dedupe_key" | "asked_at" | "expires_at" | "retries_max"
  >;
};

export const recipientIdMax = 200;
export const dedupeKeyMax = 200;
const retriesDefault = 3;
const retriesMax = 10;
const farMs = 5 * 366 * DAY_MS;
const dataMax = 50;
const dataNameMax = 64;
const dataValueMax = 1000;
/** Longer ones are cut or refused on the way: a push message holds 4,096 bytes in all, a text message 1,600 characters. */
const pushBytesMax = 3800;
const smsMax = 1600;

/** Checks a wish and fills in its template. Throws `Refusal` with the field at fault, named as in the API. */
export async function draftNotification(
  context: Context,
  actor: Actor,
  wish: NotificationWish,
): Promise<NotificationDraft> {
  return (await draft(context, actor, wish)) as unknown as NotificationDraft;
}

/** As `draftNotification`, for the engine itself. */
export async function draft(context: Context, actor: Actor, wish: NotificationWish): Promise<Drafted> {
  const to = readAddressee(wish.channel, wish.to);
  const shared = await draftForMany(context, actor, wish);
  return { ...shared, to };
}

/** All of a notification but whom it is for. */
export async function draftForMany(
  context: Context,
  actor: Actor,
  wish: Omit<NotificationWish, "to">,
): Promise<Omit<Drafted, "to">> {
  const now = context.clock.now();
  if (!/^[A-Za-z][A-Za-z0-9_.:-]{0,99}$/.test(wish.event))
    throw refuseField("invalid_body", "/event", "Name what happened, such as appointment_reminder_24h.");
  const words = await readWords(context, actor, wish);
  checkSize(wish.channel, words);
  const at = wish.at ?? now;
  const expiresAt = wish.expiresAt ?? at + DAY_MS;
  if (at > now + farMs) throw refuseField("time_too_far", "/at", "That is more than five years ahead.");
  if (expiresAt <= now) throw refuseField("time_in_past", "/expires_at", "It would have expired already.");
  if (expiresAt <= at)
    throw refuseField("time_invalid", "/expires_at", "It would expire before it may be sent.");
  const retries = wish.retriesMax ?? retriesDefault;
  if (!Number.isInteger(retries) || retries < 0 || retries > retriesMax)
    throw refuseField("invalid_body", "/max_retries", `Send a number from 0 to ${retriesMax}.`);
  if (wish.quiet !== undefined) readQuiet(context, wish.quiet, "/quiet_hours");
  const { dedupeKey } = wish;
  if (dedupeKey !== undefined && (dedupeKey === "" || dedupeKey.length > dedupeKeyMax))
    throw refuseField("invalid_body", "/dedupe_key", `Send 1 to ${dedupeKeyMax} characters.`);
  const dueAt = Math.max(at, now);
  return {
    dueAt,
    words,
    facts: {
      queue: wish.queue ?? "notifications",
      channel: wish.channel,
      event: wish.event,
      quiet: wish.quiet === undefined ? null : JSON.stringify(wish.quiet),
      dedupe_key: dedupeKey ?? null,
      asked_at: dueAt,
      expires_at: expiresAt,
      retries_max: retries,
    },
  };
}

/** Quiet hours as the domain reads them. Throws a refusal for an unknown zone or what are no hours. */
export function readQuiet(context: Pick<Context, "zones">, quiet: QuietHours, pointer: string): Quiet {
  const zone = zoneNamed(context, quiet.timezone, `${pointer}/timezone`);
  const from = parseClock(quiet.from);
  const to = parseClock(quiet.to);
  if (from === undefined) throw refuseField("invalid_body", `${pointer}/from`, "Write it as 22:00.");
  if (to === undefined || to === from)
    throw refuseField("invalid_body", `${pointer}/to`, "Write it as 08:00, and not as the time it begins.");
  return { zone, from, to };
}

/** Whom a wish names; an address of the channel itself wins over what the recipient has registered. */
function readAddressee(channel: MessageChannel, to: NotificationWish["to"]): Drafted["to"] {
  const recipientId = to.recipientId ?? null;
  if (recipientId !== null) checkRecipientId(recipientId, "/recipient_id");
  if (to.address === undefined) {
    if (recipientId === null)
      throw refuseField("invalid_body", "/recipient_id", "Say whom: a recipient_id, or an address.");
    return { recipientId, address: null };
  }
  return { recipientId, address: readAddress(channel, to.address, "/address") };
}

export function checkRecipientId(recipientId: string, pointer: string): void {
  if (recipientId === "" || recipientId.length > recipientIdMax || cleanLine(recipientId) !== recipientId)
    throw refuseField(
      "invalid_body",
      pointer,
      `A recipient's id is one line of 1 to ${recipientIdMax} characters.`,
    );
}

/** An address in the form in which it is kept. Throws `address_invalid`. */
export function readAddress(channel: MessageChannel, text: string, pointer: string): string {
  const fault = addressFault(channel, text);
  if (fault !== null) throw refuseField("address_invalid", pointer, fault);
  if (channel !== "sms") return text;
  const phone = parsePhone(text);
  return phone.ok ? phone.e164 : text;
}

/** The keyed hash by which an address is found; numbers have the hash that they have everywhere. */
export function addressHash(
  context: Pick<Context, "secrets">,
  workspaceId: number,
  channel: MessageChannel,
  address: string,
): string {
  if (channel === "sms") return context.secrets.numberHash(workspaceId, address);
  const text = channel === "email" ? address.toLowerCase() : address;
  return context.secrets.keyHash(`${channel}|${workspaceId}|${text}`);
}

async function readWords(context: Context, actor: Actor, wish: Omit<NotificationWish, "to">): Promise<Words> {
  const data = readData(wish.data ?? {});
  if (wish.template !== undefined)
    return { ...(await fromTemplate(context, actor, wish, wish.template)), data };
  if (wish.variables !== undefined)
    throw refuseField("variables_invalid", "/variables", "Variables fill a template; name one.");
  const body = cleanText(wish.body ?? "");
  if (body.trim() === "") throw refuseField("invalid_body", "/body", "Send a body, or name a template.");
  if (body.length > BODY_MAX)
    throw refuseField("invalid_body", "/body", `Longer than ${BODY_MAX} characters.`);
  const subject = wish.subject === undefined ? null : cleanLine(wish.subject);
  if (subject !== null && subject.length > SUBJECT_MAX)
    throw refuseField("invalid_body", "/subject", `Longer than ${SUBJECT_MAX} characters.`);
  return { subject, body, data };
}

async function fromTemplate(
  context: Context,
  actor: Actor,
  wish: Omit<NotificationWish, "to">,
  name: string,
): Promise<Pick<Words, "subject" | "body">> {
  if (wish.subject !== undefined || wish.body !== undefined)
    throw refuseField("invalid_body", "/template", "Send a template, or subject and body, not both.");
  const [row] = await context.store.read("find a template", () =>
    context.store.statements.templates.of([{ workspace_id: actor.workspaceId, name }]),
  );
  if (row === undefined)
    throw refuseField("template_unknown", "/template", `There is no template "${name.slice(0, 64)}".`);
  const read = readMessageTemplate(row);
  if (!read.ok) throw new Error(`Template ${row.id} was stored and cannot be read: ${read.detail}`);
  const filled = fillMessage(read.template, wish.variables ?? {});
  if (!filled.ok) throw refuseField("variables_invalid", filled.pointer, filled.detail);
  return filled;
}

function readData(data: Readonly<Record<string, string>>): Words["data"] {
  const entries = Object.entries(data);
  if (entries.length > dataMax) throw refuseField("invalid_body", "/data", `More than ${dataMax} values.`);
  for (const [name, value] of entries) {
    if (name === "" || name.length > dataNameMax || cleanLine(name) !== name)
      throw refuseField("invalid_body", "/data", `Names in data are 1 to ${dataNameMax} characters.`);
    if (typeof value !== "string" || value.length > dataValueMax)
      throw refuseField(
        "invalid_body",
        `/data/${name}`,
        `Values are texts of at most ${dataValueMax} characters.`,
      );
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, cleanText(value)]));
}

function checkSize(channel: MessageChannel, { subject, body, data }: Words): void {
  if (channel === "sms" && body.length > smsMax)
    throw refuseField(
      "invalid_body",
      "/body",
      `A text message holds ${smsMax} characters; this has ${body.length}.`,
    );
  if (channel !== "push") return;
  const bytes = new TextEncoder().encode(`${subject ?? ""}${body}${JSON.stringify(data)}`).length;
  if (bytes > pushBytesMax)
    throw refuseField(
      "invalid_body",
      "/body",
      `A push message holds ${pushBytesMax} bytes; this has ${bytes}.`,
    );
}
