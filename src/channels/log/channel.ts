import type { OpenChannel } from "../../ports/channel.ts";

/** Writes each event as a line of the program's own log. It takes no settings, and cannot fail. */
export const openLog: OpenChannel = ({ log }) => ({
  missing: null,

  readTarget(input) {
    const [unknown] = Object.keys(input);
    if (unknown === undefined) return { ok: true, target: {} };
    return { ok: false, pointer: `/${unknown}`, detail: "The log takes no settings." };
  },

  send(message) {
    // The body is left out: it may hold a number, and the event can be read by its id.
    log.info("An event happened that a notification handler waits for.", {
      event: message.id,
      type: message.type,
    });
    return Promise.resolve({ kind: "delivered" });
  },

  close: () => Promise.resolve(),
});
