import { addressFault } from "../../domain/message-address.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";
import type { FirebaseAccount, Letter, Messenger, MessengerPorts, Told } from "../../ports/messenger.ts";
import { type Access, AccessTokens } from "./access-token.ts";
import { faultIn } from "./answer.ts";
import { judge } from "./judge.ts";
import { messageOf } from "./message.ts";

/** Google asks for ten seconds at least. With a token before it and another after a 401 a try stays below half a minute. */
const TIMEOUT_MS = 10_000;

/** Push messages by FCM HTTP v1. FCM's yes means that it has the message, not that a device does. */
export function openPush(ports: MessengerPorts, account: FirebaseAccount): Messenger {
  const tokens = new AccessTokens(ports, account);
  return {
    channel: "push",
    provider: "fcm",
    isSandbox: false,
    async check() {
      const access = await tokens.get();
      if (access.kind === "token") return null;
      return `Google gives ${account.clientEmail} no access token (${access.detail}). ${cureOf(access)}`;
    },
    wrongAddress: (address) => addressFault("push", address),
    async send(letter) {
      const access = await tokens.get();
      if (access.kind === "none") return withoutToken(access);
      let answer = await post(ports, account, access.token, letter);
      if (isStale(answer)) {
        // Certain not to have been taken, so it may leave once more, with a fresh token.
        tokens.drop(access.token);
        const fresh = await tokens.get();
        if (fresh.kind === "none") return withoutToken(fresh);
        answer = await post(ports, account, fresh.token, letter);
      }
      return judge(answer, ports.random.float(), ports.realClock.now());
    },
    close: () => Promise.resolve(),
  };
}

function post(
  ports: MessengerPorts,
  { apiUrl, projectId }: FirebaseAccount,
  token: string,
  letter: Letter,
): Promise<OutsideAnswer> {
  const message = messageOf(letter, ports.clock.now(), ports.realClock.now());
  return ports.fetch({
    method: "POST",
    url: `${apiUrl}/v1/projects/${encodeURIComponent(projectId)}/messages:send`,
    headers: {
      accept: "application/json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "user-agent": "Carillon",
    },
    body: JSON.stringify({ message }),
    timeoutMs: TIMEOUT_MS,
    deadlineAt: letter.expiresAt,
    allowPrivate: false,
  });
}

/** The token was not honoured: it was withdrawn, or ended early. A 401 in FCM's own code is about something else. */
function isStale(answer: OutsideAnswer): boolean {
  return answer.kind === "answer" && answer.status === 401 && faultIn(answer)?.isFcm !== true;
}

function withoutToken({ detail, afterMs, isOurs }: Extract<Access, { kind: "none" }>): Told {
  return {
    kind: "not_sent",
    code: "no_access_token",
    detail: `No access token: ${detail}`,
    ...(afterMs !== null && { afterMs }),
    ...(isOurs && { isOurs }),
  };
}

function cureOf({ isOurs }: Extract<Access, { kind: "none" }>): string {
  return isOurs
    ? "Make a new key for the service account, and let FIREBASE_CREDENTIALS_PATH name its file; or set this machine's clock right."
    : "See whether this machine reaches Google on port 443.";
}
