import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  type NotificationEvent,
  nextNotificationState,
  nextTellAt,
  notificationStates,
  notificationTransitions,
} from "../../src/domain/notification.ts";

const hour = 3_600_000;
const minute = 60_000;
const events: readonly NotificationEvent[] = [
  "claim",
  "release",
  "move",
  "send",
  "deliver",
  "fail",
  "bounce",
  "cancel",
  "expire",
  "retry",
];

describe("the states of a notification", () => {
  test("what ended for good stays as it ended", () => {
    for (const state of ["delivered", "canceled", "expired"] as const)
      for (const event of events) assert.equal(nextNotificationState(state, event), undefined);
  });

  test("nothing is sent but what was claimed, and nothing that was sent is claimed again", () => {
    const claimable = notificationStates.filter(
      (state) => nextNotificationState(state, "claim") !== undefined,
    );
    assert.deepEqual(claimable, ["pending", "failed"]);
    for (const state of ["sent", "delivered"] as const)
      assert.deepEqual(
        events.filter((event) => ["pending", "sending"].includes(nextNotificationState(state, event) ?? "")),
        [],
      );
  });

  test("one that is being sent can neither be canceled nor expire", () => {
    for (const event of ["cancel", "expire", "retry", "claim"] as const)
      assert.equal(nextNotificationState("sending", event), undefined);
  });

  test("every state is reached from pending", () => {
    const reached = new Set<string>(["pending"]);
    for (let size = 0; size < reached.size;) {
      size = reached.size;
      for (const state of notificationStates)
        if (reached.has(state))
          for (const next of Object.values(notificationTransitions[state])) reached.add(next);
    }
    assert.deepEqual([...reached].toSorted(), [...notificationStates].toSorted());
  });
});

describe("the next try of what was not sent", () => {
  const facts = { askedAt: 0, expiresAt: 48 * hour, tries: 1, retriesMax: 3 };
  const cases: readonly [string, Partial<typeof facts>, number, number | undefined, number | null][] = [
    ["is an hour later", {}, 0, undefined, hour],
    ["is when the provider asked for", {}, 0, 5 * minute, 5 * minute],
    ["is not at once, whatever the provider asked for", {}, 0, 0, 1000],
    ["may be later than an hour", {}, 0, 3 * hour, 3 * hour],
    ["comes after the second and the third try", { tries: 3 }, hour, undefined, 2 * hour],
    ["does not come after as many as there may be", { tries: 4 }, hour, undefined, null],
    ["does not come where none may", { retriesMax: 0 }, 0, undefined, null],
    ["does not come a day after it was meant", {}, 23 * hour, undefined, null],
    ["comes just before that", {}, 23 * hour - 1, undefined, 24 * hour - 1],
    ["does not come when it is of no use any more", { expiresAt: hour }, 0, undefined, null],
    ["comes just before that", { expiresAt: hour + 1 }, 0, undefined, hour],
  ];
  for (const [what, over, now, afterMs, expected] of cases) {
    test(`${what} (${JSON.stringify({ ...over, now, afterMs })})`, () => {
      assert.equal(nextTellAt({ ...facts, ...over }, now, afterMs), expected);
    });
  }
});
