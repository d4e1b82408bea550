import type { Checker } from "../checker.ts";
import { groupBy } from "../facts.ts";
import { inForce } from "./window.ts";

/** I7: create requests leave no faster than the line may make calls. */
export const pacing: Checker = {
  name: "I7",
  promise: "Requests leave a line no faster than its calls per second and its burst.",
  *check({ history, dials, lineName }) {
    // What was claimed in time may leave up to two seconds later when the store or the process holds it up.
    const isHeldUp = history.plan.classes.some(
      (one) => one === "store" || one === "pause" || one === "conveyor" || one === "clock" || one === "disk",
    );
    const slackMs = isHeldUp ? 2000 : 0;
    for (const [lineId, own] of groupBy(dials, (dial) => dial.attempt?.line_id ?? 0)) {
      const changes = history.limits.get(lineName.get(lineId) ?? "") ?? [];
      const inOrder = own.toSorted((a, b) => a.request.at - b.request.at);
      for (const [index, dial] of inOrder.entries()) {
        const at = dial.request.at;
        const held = [...inForce(changes, at - 1000 - slackMs), ...inForce(changes, at)];
        if (held.some((one) => one.perSecond === 0)) continue;
        const perSecond = Math.max(...held.map((one) => one.perSecond));
        const burst = Math.max(...held.map((one) => one.burst));
        const most = Math.floor((perSecond * (1000 + slackMs)) / 1000 + burst + 1e-6);
        const first = inOrder[index - most];
        if (first !== undefined && at - first.request.at < 1000)
          yield {
            what: `more than ${most} requests within a second on ${lineName.get(lineId)}`,
            at,
            callId: dial.call?.id ?? 0,
          };
      }
    }
  },
};
