import { addressFault } from "../../domain/message-address.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Letter, MessageChannel, Messenger, MessengerPorts } from "../../ports/messenger.ts";

/** Stands in for a provider without credentials: each message becomes a file of the outbox folder, and nobody is told. */
export function openOutbox(ports: MessengerPorts, channel: MessageChannel): Messenger {
  const folder = ports.settings.outboxFolder;
  let hasSaid = false;
  return {
    channel,
    provider: "outbox",
    isSandbox: true,
    check: () => Promise.resolve(null),
    wrongAddress: (address) => addressFault(channel, address),
    async send(letter) {
      const name = nameOf(letter);
      try {
        await ports.writeOutbox(name, textOf(letter));
      } catch (error) {
        const { code = "EIO", message } = error as Error & { readonly code?: string };
        return { kind: "not_sent", code, detail: `The outbox folder cannot be written: ${message}` };
      }
      if (!hasSaid)
        ports.log.info("Messages of a channel without credentials go to a folder, and to nobody.", {
          channel,
          folder,
        });
      hasSaid = true;
      return { kind: "sent", reference: name, detail: `Sandbox: written to ${folder}; nobody was told.` };
    },
    close: () => Promise.resolve(),
  };
}

/** The same at each try, so that a repeated one writes no second file; in the order in which messages were asked for. */
function nameOf({ id, channel, createdAt }: Letter): string {
  const time = formatUtc(createdAt - (createdAt % 1000)).replaceAll(/[:-]/g, "");
  return `${time}_${channel}_${id}.json`;
}

function textOf(letter: Letter): string {
  const shown = {
    ...letter,
    createdAt: formatUtc(letter.createdAt),
    expiresAt: formatUtc(letter.expiresAt),
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}
