import type {
  Letter,
  MessageChannel,
  Messenger,
  MessengerPorts,
  OpenMessenger,
  Told,
} from "../ports/messenger.ts";
import { messageChannels } from "../ports/messenger.ts";

/** The provider of each channel, or null where its settings are not there. A new one is a folder and a line here. */
const providers: Readonly<Record<MessageChannel, (ports: MessengerPorts) => Promise<OpenMessenger | null>>> =
  {
    push: async ({ settings: { firebase } }) => {
      if (firebase === null) return null;
      const { openPush } = await import("./push/messenger.ts");
      return (ports) => openPush(ports, firebase);
    },
    email: async ({ settings: { smtp } }) => {
      if (smtp === null) return null;
      const { openMail } = await import("./email/messenger.ts");
      return (ports) => openMail(ports, smtp);
    },
    sms: async ({ settings: { sms } }) => {
      if (sms === null) return null;
      const { openSms } = await import("./sms/messenger.ts");
      return (ports) => openSms(ports, sms);
    },
  };

/** Opens the messenger of every channel: its provider, or the outbox folder. Nothing is sent or written yet. */
export async function openMessengers(ports: MessengerPorts): Promise<Record<MessageChannel, Messenger>> {
  const { openOutbox } = await import("./outbox/messenger.ts");
  const opened = await Promise.all(
    messageChannels.map(async (channel): Promise<[MessageChannel, Messenger]> => {
      const open = await providers[channel](ports);
      return [channel, careful(ports, open === null ? openOutbox(ports, channel) : open(ports))];
    }),
  );
  return Object.fromEntries(opened) as Record<MessageChannel, Messenger>;
}

/**
 * What must hold at every provider is seen to in one place: nothing leaves too late, or to what is no address, and the
 * operator hears once of a trouble that nobody else can end, however many messages meet it.
 */
function careful(ports: MessengerPorts, messenger: Messenger): Messenger {
  const { channel, provider } = messenger;
  let lastTrouble = "";
  return {
    ...messenger,
    async send(letter) {
      const told = whyNot(ports, messenger, letter) ?? (await messenger.send(letter));
      if (told.kind === "sent") lastTrouble = "";
      if (!("isOurs" in told) || !told.isOurs || told.code === lastTrouble) return told;
      // By its code: a provider's words may differ each time.
      lastTrouble = told.code;
      ports.log.error(
        "Messages wait until somebody puts the credentials or settings of their channel right.",
        {
          channel,
          provider,
          detail: told.detail,
        },
      );
      return told;
    },
  };
}

function whyNot({ clock }: MessengerPorts, messenger: Messenger, letter: Letter): Told | null {
  if (letter.channel !== messenger.channel)
    throw new Error(`A letter for ${letter.channel} came to ${messenger.channel}`);
  if (clock.now() >= letter.expiresAt)
    return { kind: "failed", code: "expired", detail: "It was of no use any more when its turn came." };
  const wrong = messenger.wrongAddress(letter.address);
  return wrong === null ? null : { kind: "failed", code: "wrong_address", detail: wrong };
}
