export type Patch = { readonly file: string; readonly from: string; readonly to: string };
export type Mutation = {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Only runs with appointments can show it. */
  readonly isOfBookings?: boolean;
};

const one = (name: string, file: string, from: string, to: string): Mutation => ({
  name,
  patches: [{ file, from, to }],
});

/** Mistakes with calls, their lines and their series. */
const withCalls: readonly Mutation[] = [
  {
    name: "M2 what a dead process had under way is dialed again",
    patches: [
      {
        file: "src/engine/recover.ts",
        from: `if (attempt.status === "claimed") return [receive`,
        to: `if (attempt.status === "claimed" || attempt.status === "placing") return [receive`,
      },
      {
        file: "src/engine/receive.ts",
        from: `if (report.key === reclaimedKey && attempt.status !== "claimed") continue;`,
        to: "",
      },
    ],
  },
  one(
    "M3 a request that timed out is sent again",
    "src/engine/place.ts",
    `answer = await connected.carrier.place(order, prepared?.words);`,
    `answer = await connected.carrier.place(order, prepared?.words);
    if (answer.kind === "unknown") answer = await connected.carrier.place(order, prepared?.words);`,
  ),
  one(
    "M5 an unknown attempt gives its slot back",
    "src/engine/fold-attempt.ts",
    "slot_held: ended || fold.review ?",
    `slot_held: ended || fold.review || fold.status === "unknown" ?`,
  ),
  one(
    "M6 slots are not counted in the claim",
    "src/domain/pacing.ts",
    "const free = Math.max(0, limits.slotsMax - counters.slotsUsed);",
    "const free = limits.slotsMax;",
  ),
  one(
    "M7 the window is not looked at again after a wait",
    "src/engine/dispatch.ts",
    "call.plan_version !== line.plan_version || now >= call.closes_at - ringLeadMs",
    "call.plan_version !== line.plan_version",
  ),
  one(
    "M8 a jump of the clock is not noticed",
    "src/engine/clock-watch.ts",
    "if (Math.abs(drift) > jumpMs) {",
    "if (Math.abs(drift) > 1e12) {",
  ),
  one(
    "M10 a lost answer to a commit counts as a commit",
    "src/engine/run-sure.ts",
    `if (error.fault === "commit_unknown") again = true;`,
    `if (error.fault === "commit_unknown" && name === "claim") throw new Error("taken for done");
      else if (error.fault === "commit_unknown") again = false;`,
  ),
  one(
    "M13 a delay goes to the timer as it is",
    "src/system/clock.ts",
    "const wait = Math.min(longestMs, Math.max(0, first.instant - this.now()));",
    "void longestMs;\n    const wait = Math.max(0, first.instant - this.now());",
  ),
  one(
    "M14 a call is acknowledged before its commit",
    "src/engine/schedule.ts",
    "return answer(context, draft, await group.add(draft));",
    `await context.ids.reserve({ call: 1 }).then((lease) => (draft.call.id = lease.next("call")));
  group.add(draft).catch(() => {});
  return answer(context, draft, { kind: "created" });`,
  ),
  {
    name: "M16 a cancel is not looked at in the claim",
    patches: [
      {
        file: "src/engine/change.ts",
        from: `  if (call.status === "scheduled")`,
        to: `  if (call.status === "scheduled" || call.status === "canceled")`,
      },
      { file: "src/domain/call.ts", from: "  canceled: {},", to: `  canceled: { claim: "dialing" },` },
    ],
  },
  {
    name: "M18 the fence does not compare",
    patches: [
      {
        file: "src/store/statements/attempts.ts",
        from: `guard: "attempts.status = 'claimed'",`,
        to: `guard: "attempts.status <> 'ended'",`,
      },
    ],
  },
  one(
    "M19 busy is taken for a carrier without room",
    "src/domain/attempt.ts",
    "retryAfterMs: terminal?.retryAfterMs ?? null,",
    `retryAfterMs: terminal?.retryAfterMs ?? (terminal?.outcome === "busy" ? 1000 : null),`,
  ),
  one(
    "idempotency keys are not checked",
    "src/engine/write-drafts.ts",
    "if (asked.length > 0) {",
    "if (asked.length > 1e9) {",
  ),
  one(
    "a bulk key may be used twice at once",
    "src/engine/write-drafts.ts",
    "if (kept.length === 0) throw new BulkKeyTaken();",
    "void BulkKeyTaken;\n      void kept;",
  ),
  one(
    "calls never expire while they wait",
    "src/engine/expire.ts",
    "const late = [...all.values()].filter((row) => row.expires_at <= now);",
    "const late = [...all.values()].filter((row) => row.expires_at <= now - 1e12);",
  ),
  one(
    "calls are claimed seconds ahead",
    "src/engine/dispatch.ts",
    "statements.due.take({ lane_id: lane.id, now, limit",
    "statements.due.take({ lane_id: lane.id, now: now + 5000, limit",
  ),
  one(
    "the do-not-call list is not looked at",
    "src/engine/dispatch.ts",
    "const block = suppressionFor(suppressed.get(call.number_hash), call, now);",
    "const block = suppressionFor(suppressed.get(`not ${call.number_hash}`), call, now);",
  ),
  {
    name: "the switch that stops all calls is not looked at",
    patches: [
      {
        file: "src/engine/dispatch.ts",
        from: `if (line.stopped_at !== null) return "dialing_stopped";`,
        to: "",
      },
      {
        file: "src/engine/place.ts",
        from: `if (workspaces.get(flag.workspace_id)?.stopped_at !== null) stopped.set(flag.id, "dialing_stopped");
    else if`,
        to: "if",
      },
    ],
  },
  one(
    "a slot is not given back",
    "src/engine/receive.ts",
    "yield* statements.lines.release({ line_id: lineId, count });",
    "if (count > 1) yield* statements.lines.release({ line_id: lineId, count });",
  ),
  one(
    "a duty that fails once is not run again",
    "src/engine/loop.ts",
    "next = this.#clock.now() + retryMs;",
    "return;",
  ),
  one(
    "old calling hours are used until the next start",
    "src/engine/hours.ts",
    'await context.book.load();\n  context.wake("replan");\n  context.wake("dispatch");',
    'context.wake("replan");\n  context.wake("dispatch");',
  ),
  one(
    "a request leaves up to the last moment of the window",
    "src/engine/plan.ts",
    "export const ringLeadMs = 10_000;",
    "export const ringLeadMs = 0;",
  ),
  one(
    "M23 money that was reserved is not given back",
    "src/engine/receive.ts",
    "yield* settleMoney(context, folded, calls);",
    "if (folded.length > 1) yield* settleMoney(context, folded, calls);",
  ),
  one(
    "M24 the money of an hour is not looked at",
    "src/domain/spend.ts",
    'return budget.hourMax > 0 && usedOf(hour) + amount > budget.hourMax ? "hour" : null;',
    "void hour;\n  return null;",
  ),
  one(
    "M25 a claim does not count what it reserves itself",
    "src/engine/live-money.ts",
    "return { ...spending, reserved: spending.reserved + reserved };",
    "void reserved;\n  return spending;",
  ),
  one(
    "M1 a slot of a series that was used up is made again",
    "src/engine/series-write.ts",
    "find((row) => row?.at === one.occurrence.at);",
    "find((row) => row?.at === -1);",
  ),
  one(
    "M4 the next slot of a series is reckoned from now",
    "src/domain/series.ts",
    "last === null ? firstSlotAfter(recurrence, input.after) : nextSlot(recurrence, last);",
    "firstSlotAfter(recurrence, last === null ? input.after : now);",
  ),
];

/** Mistakes with appointments, and with telling people. */
const withBookings: readonly Mutation[] = [
  {
    name: "M26 what is told of an appointment is known without its time",
    patches: [
      {
        file: "src/programs/appointments/tell.ts",
        from: "const key = [appointment.id, kind, appointment.starts_at, appointment.round, generation].join(",
        to: "void generation;\n  const key = [appointment.id, kind].join(",
      },
    ],
  },
  {
    name: "M27 a letter leaves before it is written down that it does",
    patches: [
      {
        file: "src/engine/tell-claim.ts",
        from: "    for (const claimed of result) won.set(claimed.row.id, claimed);",
        to: `    for (const claimed of result) {
      won.set(claimed.row.id, claimed);
      for (const { letter } of claimed.letters)
        Object.assign(letter, { early: context.messengers?.[claimed.row.channel].send(letter) });
    }`,
      },
      {
        file: "src/engine/tell.ts",
        from: "return await Promise.race([messenger.send(letter), late.promise]);",
        to: "return await Promise.race([(letter as Letter & { early: Promise<Told> }).early, late.promise]);",
      },
    ],
  },
  one(
    "M28 a letter without an answer is sent again",
    "src/engine/tell-record.ts",
    "const again = isUnknown ? null : againAt(row, told, at);",
    "const again = isUnknown ? at + 5000 : againAt(row, told, at);",
  ),
  {
    name: "M29 what a dead process was sending is sent again",
    patches: [
      {
        file: "src/engine/tell-sweep.ts",
        from: `      step(row, "fail", now);`,
        to: `      step(row, "release", now);
      Object.assign(row, { due_at: now, node_id: null, sending_at: null });
      after.push(row);
      yield* statements.notificationDue.insert(dueRow(row));
      continue;`,
      },
      {
        file: "src/engine/tell-sweep.ts",
        from: "import { type WorkingNotification, noteNotification, step }",
        to: "import { type WorkingNotification, dueRow, noteNotification, step }",
      },
    ],
  },
  one(
    "M30 a cancellation withdraws nothing",
    "src/programs/appointments/compare.ts",
    "if (!isOpen(row, now) || kept.has(row) || isStillRight(row.kind, status)) continue;",
    "if (isOpen(row, now) || kept.has(row) || isStillRight(row.kind, status)) continue;",
  ),
  one(
    "M31 what is being sent is tried again though it was withdrawn",
    "src/engine/notification-write.ts",
    "if (mayGoOn && row.expires_at > now) {",
    "if (mayGoOn && row.expires_at > now + 1e12) {",
  ),
  one(
    "M32 a call that is being dialed is made again though it was withdrawn",
    "src/engine/program-tx.ts",
    `if (row.status !== "dialing" || row.expires_at <= this.now) return null;`,
    `if (row.status === "dialing" || row.expires_at <= this.now) return null;`,
  ),
  {
    name: "M33 quiet hours are not looked at",
    patches: [
      {
        file: "src/programs/appointments/rules.ts",
        from: "if (quiet === null || !isQuiet(quiet, ideal)) return ideal;",
        to: "if (quiet === null || ideal > 0) return ideal;",
      },
      {
        file: "src/engine/tell-claim.ts",
        from: `if (loudAt > now) return { kind: "move", to: loudAt };`,
        to: "if (loudAt > now) quiet.length = 0;",
      },
      {
        file: "src/engine/tell-claim.ts",
        from: "if (loudAt === null || loudAt >= row.expires_at)",
        to: "if (loudAt === null)",
      },
    ],
  },
  one(
    "M34 reminders are planned without regard to quiet hours",
    "src/programs/appointments/rules.ts",
    "if (quiet === null || !isQuiet(quiet, ideal)) return ideal;",
    "if (quiet === null || ideal > 0) return ideal;",
  ),
  {
    name: "M35 a reminder is sent after the appointment has begun",
    patches: [
      {
        file: "src/engine/tell-claim.ts",
        from: `if (row.expires_at <= now) return { kind: "expire", reason: "too_late" };`,
        to: "",
      },
      {
        file: "src/engine/tell-claim.ts",
        from: `if (row.expires_at <= now) return "too_late";`,
        to: "",
      },
      {
        file: "src/engine/tell-claim.ts",
        from: "if (loudAt === null || loudAt >= row.expires_at)",
        to: "if (loudAt === null)",
      },
    ],
  },
  one(
    "M36 what was told of an earlier time counts for the new one",
    "src/programs/appointments/compare.ts",
    "messages.find((row) => row.kind === kind && row.round === round) ?? null;",
    "messages.find((row) => row.kind === kind && row.round <= round) ?? null;",
  ),
];

/** Mistakes that would break a promise. Each text stands exactly once in its file; the simulation must find each mistake. */
export const mutations: readonly Mutation[] = [
  ...withCalls,
  ...withBookings.map((mutation) => ({ ...mutation, isOfBookings: true })),
];
