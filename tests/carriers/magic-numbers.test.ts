import assert from "node:assert/strict";
import { test } from "node:test";
import { describeNumber, parseScriptWord, scriptWords } from "../../src/carriers/sandbox/script.ts";
import { scriptOf } from "../../src/carriers/sandbox/numbers.ts";
import { openNetwork } from "../../src/carriers/sandbox/network.ts";
import type { Report } from "../../src/ports/carrier.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { lookupOf, orderOf, place, portsOf } from "./contract.ts";

/** What one attempt at a number looked like: the answer, the callbacks as they came, and what a lookup said at the end. */
type Seen = {
  readonly answer: string;
  readonly callbacks: readonly string[];
  readonly end: string | null;
  readonly found: string;
  readonly talkMs: number | undefined;
  readonly endedToTold: number | undefined;
};

/** The whole table of the documentation: number → what each attempt shows. */
const table: readonly (readonly [string, string, readonly Partial<Seen>[]])[] = [
  ["00", "answers, confirms", [{ answer: "accepted", end: "answered_human confirmed" }]],
  ["01", "busy", [{ answer: "accepted", callbacks: ["ended"], end: "busy" }]],
  ["02", "rings out", [{ callbacks: ["ringing", "ended"], end: "no_answer" }]],
  ["03", "voicemail", [{ callbacks: ["ringing", "answered", "ended"], end: "answered_machine" }]],
  ["04", "declines", [{ callbacks: ["ringing", "ended"], end: "declined" }]],
  ["05", "invalid number", [{ answer: "accepted", callbacks: ["ended"], end: "invalid_number" }]],
  [
    "06",
    "carrier refuses (503), then answers, confirms",
    [
      { answer: "refused carrier_error", callbacks: [], found: "absent" },
      { answer: "accepted", end: "answered_human confirmed" },
      { answer: "accepted" },
    ],
  ],
  [
    "07",
    "our request times out, it rings, answers",
    [
      {
        answer: "unknown",
        callbacks: ["ringing", "answered", "ended"],
        end: "answered_human",
        found: "found",
      },
    ],
  ],
  [
    "08",
    "our request times out, it does not ring, then answers, confirms",
    [
      { answer: "unknown", callbacks: [], found: "absent" },
      { answer: "accepted", end: "answered_human confirmed" },
    ],
  ],
  [
    "09",
    "busy, then rings out, then answers, confirms",
    [
      { end: "busy" },
      { end: "no_answer" },
      { end: "answered_human confirmed" },
      { end: "answered_human confirmed" },
    ],
  ],
  ["10", 'answers, says "stop calling"', [{ end: "answered_human opt_out" }]],
  ["11", "answers, asks for another time", [{ end: "answered_human reschedule_requested" }]],
  ["12", "answers, wrong number", [{ end: "answered_human wrong_number" }]],
  ["13", "answers, talks for 10 min", [{ end: "answered_human", talkMs: 600_000 }]],
  [
    "14",
    "answers, its callbacks come twice",
    [{ callbacks: ["ringing", "ringing", "answered", "answered", "ended", "ended"], end: "answered_human" }],
  ],
  [
    "15",
    "answers, its callbacks come out of order",
    [{ callbacks: ["ended", "answered", "ringing"], end: "answered_human" }],
  ],
  ["16", "answers, its last callback comes 60 s late", [{ end: "answered_human", endedToTold: 60_000 }]],
  [
    "17",
    "answers, its callbacks never come",
    [{ answer: "accepted", callbacks: [], end: null, found: "found" }],
  ],
  [
    "18",
    "carrier is full at first (429), then answers",
    [{ answer: "refused carrier_error, again in 5000", callbacks: [] }],
  ],
  ["19", "answers, hangs up after 2 s", [{ end: "answered_human", talkMs: 2_000 }]],
  ["20", "a menu (IVR) answers", [{ end: "answered_unknown" }]],
  ["21", "marked as spam", [{ callbacks: ["ringing", "ended"], end: "blocked" }]],
  [
    "22",
    "answers",
    [{ answer: "accepted", callbacks: ["ringing", "answered", "ended"], end: "answered_human" }],
  ],
];

for (const [ending, says, attempts] of table) {
  for (const to of [`+121255501${ending}`, `+180855501${ending}`, `+4477009000${ending}`]) {
    void test(`${to}: ${says}`, async () => {
      assert.equal(describeNumber(to), says);
      await assertAttempts(to, attempts);
    });
  }
}

const others: readonly (readonly [string, readonly Partial<Seen>[]])[] = [
  ["+15005550001", [{ answer: "refused invalid_number", found: "absent" }]],
  ["+15005550002", [{ answer: "refused unreachable", found: "absent" }]],
  ["+15005550003", [{ answer: "refused blocked", found: "absent" }]],
  ["+15005550004", [{ answer: "refused blocked", found: "absent" }]],
  ["+15005550006", [{ answer: "accepted", end: "answered_human" }]],
  ["+61491570156", [{ end: "answered_human confirmed" }]],
  ["+61491570157", [{ end: "busy" }]],
  ["+61491570158", [{ end: "no_answer" }]],
  ["+61491570159", [{ end: "answered_machine" }]],
  ["+61491570110", [{ end: "answered_human opt_out" }]],
  ["+919876543210", [{ answer: "accepted", end: "answered_human" }]],
  ["+12125550201", [{ answer: "accepted", end: "answered_human" }]],
  ["+442079460001", [{ answer: "accepted", end: "answered_human" }]],
];
for (const [to, attempts] of others) {
  void test(`${to}: ${describeNumber(to)}`, () => assertAttempts(to, attempts));
}

void test("18: the second request of the same attempt number works, and another call starts anew", async () => {
  const clock = new FakeClock();
  const carrier = openNetwork(portsOf({ clock }).ports);
  const to = "+12125550118";
  const kindOf = async (callId: string, attemptKey: string): Promise<string> =>
    (await carrier.place(orderOf({ to, callId, attemptKey }))).kind;
  assert.deepEqual(
    [await kindOf("a", "1"), await kindOf("a", "2"), await kindOf("b", "3"), await kindOf("b", "4")],
    ["refused", "accepted", "refused", "accepted"],
  );
});

void test("a script comes before the number, one word an attempt, the last one repeats", async () => {
  const seen = await seeAttempts("+12125550101", 3, ["no_answer", "voicemail:left_message"]);
  assert.deepEqual(
    seen.map((attempt) => attempt.end),
    ["no_answer", "answered_machine left_message", "answered_machine left_message"],
  );
});

void test("every word is understood, also with a disposition where somebody is reached; nothing else is", () => {
  for (const word of scriptWords) assert.notEqual(parseScriptWord(word), undefined);
  assert.equal(parseScriptWord("answered:custom:left_early")?.disposition, "custom:left_early");
  for (const word of [
    "",
    "answered:",
    "answered:maybe",
    "busy:confirmed",
    "toString",
    "__proto__",
    "Answered",
  ]) {
    assert.equal(parseScriptWord(word), undefined, word);
  }
  for (const [, words] of Object.entries({ a: scriptOf("+12125550106"), b: scriptOf("+15005550003") })) {
    for (const word of words) assert.notEqual(parseScriptWord(word), undefined);
  }
});

async function assertAttempts(to: string, expected: readonly Partial<Seen>[]): Promise<void> {
  const seen = await seeAttempts(to, expected.length, null);
  for (const [i, wanted] of expected.entries()) {
    const names = Object.keys(wanted) as (keyof Seen)[];
    const shown = Object.fromEntries(names.map((name) => [name, seen[i]?.[name]]));
    assert.deepEqual(shown, wanted, `attempt ${i + 1} at ${to}`);
  }
}

/** Makes attempts at a number one after the other, each followed for 20 minutes. */
async function seeAttempts(to: string, count: number, script: readonly string[] | null): Promise<Seen[]> {
  const clock = new FakeClock();
  const { ports } = portsOf({ clock });
  const seen: Seen[] = [];
  let callbacks: Report[] = [];
  let toldAt: number | undefined;
  const carrier = openNetwork({
    ...ports,
    deliver: (_, report) => {
      callbacks.push(report);
      toldAt = clock.now();
    },
  });
  for (let attemptNumber = 1; attemptNumber <= count; attemptNumber++) {
    callbacks = [];
    const order = orderOf({ to, attemptNumber, attemptKey: `${to}-${attemptNumber}`, script });
    const answer = await place({ carrier, clock }, order);
    await clock.advance(20 * 60_000);
    const found = await carrier.lookup(lookupOf(order));
    const ended = callbacks.find((report) => report.kind === "ended");
    seen.push({
      answer:
        answer.kind === "refused"
          ? `refused ${answer.outcome}${answer.retryAfterMs === undefined ? "" : `, again in ${answer.retryAfterMs}`}`
          : answer.kind,
      callbacks: callbacks.map((report) => report.kind),
      end: ended === undefined ? null : [ended.outcome, ended.disposition].filter(Boolean).join(" "),
      found: found.kind,
      talkMs: ended?.durationMs,
      endedToTold: ended === undefined || toldAt === undefined ? undefined : toldAt - ended.at,
    });
    if (found.kind === "found") assert.equal(found.reports.at(-1)?.kind, "ended");
  }
  return seen;
}
