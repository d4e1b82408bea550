import type { Checker } from "../checker.ts";
import { accountability } from "./accountability.ts";
import { bounds } from "./bounds.ts";
import { clockFence } from "./clock-fence.ts";
import { fencing } from "./fencing.ts";
import { inTime } from "./in-time.ts";
import { idempotency } from "./idempotency.ts";
import { limits } from "./limits.ts";
import { liveness } from "./liveness.ts";
import { money } from "./money.ts";
import { neverEarly } from "./never-early.ts";
import { neverAfterCancel } from "./never-after-cancel.ts";
import { noLoss } from "./no-loss.ts";
import { nobodyForgotten } from "./nobody-forgotten.ts";
import { oneDial } from "./one-dial.ts";
import { order } from "./order.ts";
import { pacing } from "./pacing.ts";
import { recurrence } from "./recurrence.ts";
import { stops } from "./stops.ts";
import { toldOnce } from "./told-once.ts";
import { window } from "./window.ts";

export const checkers: readonly Checker[] = [
  noLoss,
  oneDial,
  order,
  window,
  neverEarly,
  limits,
  money,
  pacing,
  stops,
  idempotency,
  fencing,
  clockFence,
  recurrence,
  liveness,
  bounds,
  accountability,
  toldOnce,
  neverAfterCancel,
  inTime,
  nobodyForgotten,
];
