import type { Checker } from "../checker.ts";
import { isTimerTooLong } from "../machine.ts";

const walBytesMax = 64 * 1024 * 1024;
/** Far above what a run needs (its busiest second-long polls), far below what a loop that spins makes. */
const usesPerHourMax = 20_000;

/** I17: timers, queues and files stay within their bounds. */
export const bounds: Checker = {
  name: "I17",
  promise:
    "No timer over 60 s, no more requests under way than allowed, a small write-ahead log, no spinning.",
  *check({ history }) {
    if (isTimerTooLong(history.longestTimerMs))
      yield { what: `a timer was armed for ${history.longestTimerMs} ms` };
    // Messages that are carried late come when they come, whatever was under way when they were sent.
    const most = history.plan.buggify && !history.plan.classes.includes("conveyor") ? 1 : 4000;
    for (const request of history.requests) {
      if (request.underWay > most)
        yield { what: `${request.underWay} requests were under way, ${most} are allowed`, at: request.at };
    }
    if (history.walBytes > walBytesMax) yield { what: `the write-ahead log has ${history.walBytes} bytes` };
    const hours = (history.endedAt - history.plan.startAt) / 3_600_000;
    if (history.storeUses > usesPerHourMax * hours)
      yield { what: `the store was used ${history.storeUses} times in ${hours} hours` };
    for (const what of history.complaints) yield { what: `the program complained: ${what}` };
  },
};
