import type { Channel, Message, Sent } from "../../src/ports/channel.ts";

export type Event = {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly api_version: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly sequence: number | null;
};

/** A channel that keeps what it was given; `answer` says how each try goes (default: delivered). */
export class KeptChannel implements Channel {
  readonly missing: string | null = null;
  readonly sent: Message[] = [];
  answer: (message: Message) => Sent | Promise<Sent> = () => ({ kind: "delivered" });

  readTarget(input: Readonly<Record<string, unknown>>, allowPrivate: boolean) {
    return { ok: true as const, target: { ...input, allow_private: allowPrivate } };
  }

  async send(message: Message): Promise<Sent> {
    this.sent.push(message);
    return await this.answer(message);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get events(): Event[] {
    return this.sent.map((one) => JSON.parse(one.body) as Event);
  }

  get types(): string[] {
    return this.sent.map((one) => one.type);
  }
}
