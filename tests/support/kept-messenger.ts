import { addressFault } from "../../src/domain/message-address.ts";
import type { Letter, MessageChannel, Messenger, Told } from "../../src/ports/messenger.ts";
import { messageChannels } from "../../src/ports/messenger.ts";

/** A messenger that keeps what it was given; `answer` says how each try goes (default: sent). */
export class KeptMessenger implements Messenger {
  readonly channel: MessageChannel;
  readonly provider = "kept";
  isSandbox = true;
  readonly letters: Letter[] = [];
  answer: (letter: Letter) => Told | Promise<Told> = (letter) => ({
    kind: "sent",
    reference: `ref-${letter.id}`,
  });

  constructor(channel: MessageChannel) {
    this.channel = channel;
  }

  check(): Promise<null> {
    return Promise.resolve(null);
  }

  wrongAddress(address: string): string | null {
    return addressFault(this.channel, address);
  }

  async send(letter: Letter): Promise<Told> {
    this.letters.push(letter);
    return await this.answer(letter);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get addresses(): string[] {
    return this.letters.map(({ address }) => address);
  }
}

/** One for each channel. */
export function keptMessengers(): Readonly<Record<MessageChannel, KeptMessenger>> {
  return Object.fromEntries(
    messageChannels.map((channel) => [channel, new KeptMessenger(channel)]),
  ) as Record<MessageChannel, KeptMessenger>;
}
