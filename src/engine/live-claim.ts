import { type Judgement, blockOf, classifyDestination, judgeDestination } from "../domain/destination.ts";
import type { CallDocumentRow, CallRow } from "../ports/rows.ts";
import type { Claimable, FencedAttempt } from "../ports/statements.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Guard, Stop } from "./claim-verdict.ts";
import { phonePlace } from "./document.ts";
import type { Entries } from "./ledger.ts";
import { homeCountryOf, isGuarded } from "./live-book.ts";
import { openMoney } from "./live-money.ts";

const hourMs = 3_600_000;

/** True when calls of the line must be looked at one by one: it can ring people, or its money is counted. */
export function isWatched(context: Context, lineId: number): boolean {
  const line = context.book.lines.get(lineId);
  return line === undefined || context.book.live.budgets.has(lineId) || isGuarded(context, line);
}

/**
 * Opens the guard of one claim. The rules come from the book, which is as new as the plan version that the claim has just
 * read; the counters are read and locked here.
 */
export function* openGuard(
  context: Context,
  line: Claimable,
  calls: readonly CallRow[],
  documents: ReadonlyMap<number, CallDocumentRow>,
  now: number,
): Tx<Guard> {
  const phones = openPhones(context, calls, documents);
  const whom = yield* openWhom(context, line, calls, phones, now);
  const money = yield* openMoney(context, line, phones, now);
  return {
    stop(call) {
      if (!phones.has(call.id)) return { kind: "park", reason: "undecodable", detail: null };
      return whom.stop(call) ?? money.stop(call);
    },
    take(call) {
      whom.take(call);
      money.take(call);
    },
    get blocked() {
      return money.blocked;
    },
    *write(attempts, entries) {
      yield* whom.write(entries);
      yield* money.write(attempts, entries);
    },
  };
}

/**
 * Attempts whose workspace has changed its rules since their claim: they go back to wait, and are judged anew. A fence asks,
 * so that closing a workspace holds for everything that has not left.
 */
export function* judgedBefore(context: Context, attempts: readonly FencedAttempt[]): Tx<Set<number>> {
  const watched = attempts.filter((one) => isWatched(context, one.line_id));
  if (watched.length === 0) return new Set();
  const { statements } = context.store;
  const versions = new Map((yield* statements.workspaces.all({})).map((row) => [row.id, row.plan_version]));
  const calls = new Map(
    (yield* statements.calls.byIds(watched.map((one) => ({ id: one.call_id })))).map((row) => [row.id, row]),
  );
  return new Set(
    watched.flatMap((one) => {
      const call = calls.get(one.call_id);
      const isCurrent = call !== undefined && versions.get(call.workspace_id) === call.plan_version;
      return isCurrent ? [] : [one.id];
    }),
  );
}

/** The numbers of the calls; one that cannot be opened is missing. */
function openPhones(
  context: Context,
  calls: readonly CallRow[],
  documents: ReadonlyMap<number, CallDocumentRow>,
): Map<number, string> {
  const phones = new Map<number, string>();
  for (const call of calls) {
    try {
      const row = documents.get(call.id);
      if (row !== undefined) phones.set(call.id, context.secrets.open(row.phone, phonePlace(call.id)));
    } catch (error) {
      context.log.error("A call's row cannot be read; it is parked.", {
        call: context.secrets.publicId("call", call.id),
        error: error as Error,
      });
    }
  }
  return phones;
}

type Whom = {
  stop(call: CallRow): Stop | null;
  take(call: CallRow): void;
  write(entries: Entries): Tx<void>;
};
const anybody: Whom = { stop: () => null, take: () => {}, *write() {} };

function* openWhom(
  context: Context,
  line: Claimable,
  calls: readonly CallRow[],
  phones: ReadonlyMap<number, string>,
  now: number,
): Tx<Whom> {
  const row = context.book.lines.get(line.id);
  if (row !== undefined && !isGuarded(context, row)) return anybody;
  const { statements } = context.store;
  const { workspace_id } = line;
  const { rules, numbers, blockHourMax } = context.book.liveOf(workspace_id);
  const home = row === undefined ? null : homeCountryOf(context, row);
  const hour = Math.floor(now / hourMs);
  const blockHash = (call: CallRow): string =>
    context.secrets.numberHash(workspace_id, blockOf(phones.get(call.id) ?? ""));
  const hashes = blockHourMax === 0 ? new Map<number, string>() : hashesOf(calls, phones, blockHash);
  const blocks = new Map(
    (yield* statements.live.blocks(
      [...new Set(hashes.values())].toSorted().map((block_hash) => ({ workspace_id, block_hash, hour })),
    )).map((one) => [one.block_hash, one]),
  );
  const added = new Map<string, number>();
  const full = new Set<string>();
  const asked = new Set<string>();
  const judge = (call: CallRow): Judgement =>
    judgeDestination(
      rules,
      classifyDestination(phones.get(call.id) ?? "", context.phoneMetadata),
      numbers.has(call.number_hash),
      home,
    );
  return {
    stop(call) {
      const judgement = judge(call);
      if (judgement.kind === "never")
        return { kind: "skip", reason: "destination_refused", detail: judgement.detail };
      if (judgement.kind === "wait") {
        if (judgement.reason === "country_approval" && judgement.country !== null)
          asked.add(judgement.country);
        return { kind: "wait", reason: judgement.reason, until: null };
      }
      const hash = hashes.get(call.id);
      // Whoever put a number on the allow-list means it.
      if (hash === undefined || numbers.has(call.number_hash)) return null;
      if ((blocks.get(hash)?.dials ?? 0) + (added.get(hash) ?? 0) < blockHourMax) return null;
      full.add(hash);
      return { kind: "wait", reason: "block_cap", until: (hour + 1) * hourMs };
    },
    take(call) {
      const hash = hashes.get(call.id);
      if (hash !== undefined) added.set(hash, (added.get(hash) ?? 0) + 1);
    },
    *write(entries) {
      const news = [...full].filter((hash) => (blocks.get(hash)?.announced ?? 0) === 0);
      for (const _hash of news) {
        entries.addWide(workspace_id, {
          at: now,
          type: "live.block_cap_reached",
          reason: "block_cap",
          data: { line: row?.name ?? null, max: blockHourMax, until_at: (hour + 1) * hourMs },
        });
      }
      yield* statements.live.addBlock(
        [...new Set([...added.keys(), ...news])].toSorted().map((block_hash) => ({
          workspace_id,
          block_hash,
          hour,
          dials: added.get(block_hash) ?? 0,
          announced: full.has(block_hash) ? 1 : (blocks.get(block_hash)?.announced ?? 0),
        })),
      );
      const waiting = [...asked].toSorted().map((country) => waitingCountry(workspace_id, country, now));
      for (const { country } of yield* statements.live.askCountry(waiting))
        entries.addWide(workspace_id, { at: now, type: "live.country_waiting", data: { country } });
    },
  };
}

/** A country that nobody has decided on. */
export function waitingCountry(workspaceId: number, country: string, now: number) {
  return {
    workspace_id: workspaceId,
    country,
    status: "waiting" as const,
    changed_by: null,
    changed_at: now,
  };
}

function hashesOf(
  calls: readonly CallRow[],
  phones: ReadonlyMap<number, string>,
  hash: (call: CallRow) => string,
): Map<number, string> {
  return new Map(calls.filter((call) => phones.has(call.id)).map((call) => [call.id, hash(call)]));
}
