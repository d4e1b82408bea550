import { openMessengers } from "../channels/messengers.ts";
import type { OutsideFetch } from "../ports/carrier.ts";
import type { Log } from "../ports/log.ts";
import type { MessageChannel, Messenger, MessengerSettings } from "../ports/messenger.ts";
import type { SystemClock } from "../system/clock.ts";
import { openOutboxFolder } from "../system/outbox.ts";
import { systemRandom } from "../system/random.ts";

type Parts = { readonly clock: SystemClock; readonly log: Log; readonly fetch: OutsideFetch };

/** The channels by which people are told something, plugged into this machine. */
export function plugMessengers(
  settings: MessengerSettings,
  { clock, log, fetch }: Parts,
): Promise<Record<MessageChannel, Messenger>> {
  return openMessengers({
    clock,
    realClock: { now: () => clock.now() - clock.offsetMs },
    within: (ms) => AbortSignal.timeout(ms),
    random: systemRandom,
    log,
    fetch,
    settings,
    writeOutbox: openOutboxFolder(settings.outboxFolder),
  });
}
