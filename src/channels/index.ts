import type { OpenChannel } from "../ports/channel.ts";

/** Every channel by name, loaded when the server starts. A new one is a folder and a line here. */
export const channels: Readonly<Record<string, () => Promise<OpenChannel>>> = {
  webhook: async () => (await import("./webhook/channel.ts")).openWebhook,
  email: async () => (await import("./email/channel.ts")).openEmail,
  log: async () => (await import("./log/channel.ts")).openLog,
};
