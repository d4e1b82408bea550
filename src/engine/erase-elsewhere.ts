import type { ErasedPerson } from "../ports/program.ts";
import type { SeriesRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { type Counts, count } from "./erase-calls.ts";
import { houseParts } from "./house-parts.ts";
import { Entries } from "./ledger.ts";
import { eraseNotificationsOf, erasedNotificationsMax } from "./notification-erase.ts";
import { transact } from "./program-tx.ts";
import { runSure } from "./run-sure.ts";
import { endSeries } from "./series-change.ts";
import { openSeries, seriesDocumentPlace, seriesPhonePlace } from "./series-document.ts";
import { suppressionPlace } from "./suppressions.ts";

const rowsMax = 1000;
const seriesPage = 100;

/**
 * Programs, notifications and series. A program may know more of the person than was said, such as the number of whoever
 * has an id: returns all that is known of them.
 */
export async function eraseElsewhere(
  context: Context,
  actor: Actor,
  person: ErasedPerson,
  counts: Counts,
): Promise<ErasedPerson> {
  const whole = await completed(context, person);
  for (const [name, { erase }] of context.programs.plugged) {
    if (erase === undefined) continue;
    const needs = { rows: rowsMax, cancels: rowsMax, notes: rowsMax };
    const gone = await transact(context, houseParts(context), `${name}: erase`, actor, needs, (tx) =>
      erase(tx, whole),
    );
    for (const [what, by] of Object.entries(gone)) count(counts, what, by);
  }
  await eraseNotifications(context, whole, counts);
  for (const hash of whole.numberHashes) await eraseSeries(context, actor, hash, counts);
  return whole;
}

async function completed(context: Context, person: ErasedPerson): Promise<ErasedPerson> {
  const numbers = new Set(person.numbers);
  const emails = new Set(person.emails);
  const recipientIds = new Set(person.recipientIds);
  for (const { identify } of context.programs.plugged.values()) {
    const more = (await identify?.(person)) ?? {};
    for (const one of more.numbers ?? []) numbers.add(one);
    for (const one of more.emails ?? []) emails.add(one.toLowerCase());
    for (const one of more.recipientIds ?? []) recipientIds.add(one);
  }
  return {
    workspaceId: person.workspaceId,
    numbers: [...numbers],
    numberHashes: [...numbers].map((e164) => context.secrets.numberHash(person.workspaceId, e164)),
    emails: [...emails],
    recipientIds: [...recipientIds],
  };
}

/** Keeps the numbers from being called for good: as hashes alone, also where they were on the list before. */
export async function suppressForGood(context: Context, actor: Actor, person: ErasedPerson): Promise<void> {
  if (person.numberHashes.length === 0) return;
  const { secrets } = context;
  const lease = await context.ids.reserve({ config: person.numberHashes.length });
  await runSure(context, "suppress an erased person", function* (): Tx<void> {
    const { suppressions, erasures } = context.store.statements;
    lease.rewind("config");
    const rows = person.numberHashes.map((number_hash) => {
      const id = lease.next("config");
      return {
        id,
        workspace_id: actor.workspaceId,
        number_hash,
        scope: "",
        kind: "suppressed" as const,
        phone: secrets.seal("", suppressionPlace(id)),
        reason: "erased",
        until_at: null,
        created_at: context.clock.now(),
      };
    });
    yield* suppressions.insert(rows);
    const there = yield* suppressions.of(rows);
    yield* suppressions.setPhone(
      there.map(({ id }) => ({ id, phone: secrets.seal("", suppressionPlace(id)) })),
    );
    for (const { number_hash } of rows)
      yield* erasures.removeLiveNumber({ workspace_id: actor.workspaceId, number_hash });
  });
  await context.book.load();
}

async function eraseNotifications(context: Context, person: ErasedPerson, counts: Counts): Promise<void> {
  for (let turn = 0; turn < rowsMax; turn += 1) {
    const lease = await context.ids.reserve({ ledger: erasedNotificationsMax });
    const gone = await runSure(context, "erase notifications", function* () {
      const entries = new Entries(lease);
      const erased = yield* eraseNotificationsOf(context, entries, person, context.clock.now());
      yield* context.store.statements.ledger.insert(entries.rows);
      return erased;
    });
    context.ids.release(lease);
    for (const [what, by] of Object.entries(gone)) count(counts, what, by);
    if ((gone["notifications"] ?? 0) < erasedNotificationsMax) return;
  }
}

/** Ends the series of a number and leaves their rule, without whom they called. */
async function eraseSeries(
  context: Context,
  actor: Actor,
  numberHash: string,
  counts: Counts,
): Promise<void> {
  const { series } = context.store.statements;
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const rows: SeriesRow[] = await context.store.read("look for a person's series", () =>
      series.list({
        workspace_id: actor.workspaceId,
        before_id: before,
        limit: seriesPage,
        status: null,
        owner: null,
        or_unowned: 0,
        agent: null,
        number_hash: numberHash,
      }),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    before = last.id;
    for (const row of rows) await endSeries(context, actor, context.secrets.publicId("series", row.id));
    const named = rows.filter((row) => openSeries(context, row).e164 !== "");
    await context.store.run("erase series", () => series.reseal(named.map((row) => blanked(context, row))));
    count(counts, "series", named.length);
  }
}

function blanked(context: Context, row: SeriesRow): Pick<SeriesRow, "id" | "phone" | "document"> {
  const { secrets } = context;
  const { document } = openSeries(context, row);
  const {
    name: _name,
    metadata: _metadata,
    external_id: _externalId,
    source: _source,
    carrier: _carrier,
    ...template
  } = document.template as Record<string, unknown>;
  return {
    id: row.id,
    phone: secrets.seal("", seriesPhonePlace(row.id)),
    document: secrets.seal(JSON.stringify({ ...document, template }), seriesDocumentPlace(row.id)),
  };
}
