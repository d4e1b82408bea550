import { objectIn } from "../../domain/json-object.ts";
import { addressFault } from "../../domain/message-address.ts";
import { withoutNumbers } from "../../domain/without-numbers.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";
import type { Letter, Messenger, MessengerPorts, SmsAccount } from "../../ports/messenger.ts";
import { judge } from "./judge.ts";

const TIMEOUT_MS = 15_000;
/** How long Twilio lets a message wait in its queue, by its own rules (s). */
const VALIDITY_MAX_SECONDS = 36_000;
const MESSAGING_SERVICE = /^MG[0-9a-f]{32}$/i;

/** Text messages by Twilio (https://www.twilio.com/docs/messaging/api/message-resource). At most one request a try. */
export function openSms(ports: MessengerPorts, account: SmsAccount): Messenger {
  return {
    channel: "sms",
    provider: "twilio",
    isSandbox: false,
    async check() {
      const answer = await ask(ports, account, "GET", ".json");
      if (answer.kind !== "answer")
        return `Twilio cannot be reached (${withoutNumbers(answer.detail)}). See whether this machine reaches ${account.apiUrl}.`;
      const status = objectIn(answer)?.["status"];
      if (answer.status === 200 && status === "active") return null;
      if (answer.status === 200)
        return `The account is ${String(status)}. Open it again in the Twilio console.`;
      return `Twilio answers HTTP ${answer.status}. Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN again from its console.`;
    },
    wrongAddress: (address) => addressFault("sms", address),
    async send(letter) {
      const form = formOf(letter, account, ports.clock.now());
      const answer = await ask(ports, account, "POST", "/Messages.json", form, letter.expiresAt);
      return judge(answer, ports.realClock.now());
    },
    close: () => Promise.resolve(),
  };
}

/** `now` is that of `expiresAt` (UTC ms). */
function formOf({ address, body, expiresAt }: Letter, { from }: SmsAccount, now: number): URLSearchParams {
  const seconds = Math.min(Math.max(Math.floor((expiresAt - now) / 1000), 1), VALIDITY_MAX_SECONDS);
  return new URLSearchParams([
    ["To", address],
    [MESSAGING_SERVICE.test(from) ? "MessagingServiceSid" : "From", from],
    ["Body", body],
    ["ValidityPeriod", String(seconds)],
  ]);
}

function ask(
  ports: MessengerPorts,
  { accountSid, authToken, apiUrl }: SmsAccount,
  method: "GET" | "POST",
  path: string,
  form?: URLSearchParams,
  deadlineAt?: number,
): Promise<OutsideAnswer> {
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  return ports.fetch({
    method,
    url: `${apiUrl}/2010-04-01/Accounts/${accountSid}${path}`,
    headers: {
      accept: "application/json",
      authorization: `Basic ${credentials}`,
      "user-agent": "Carillon",
      ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
    },
    ...(form !== undefined && { body: form.toString() }),
    ...(deadlineAt !== undefined && { deadlineAt }),
    timeoutMs: TIMEOUT_MS,
    allowPrivate: false,
  });
}
