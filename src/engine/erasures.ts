import { forever } from "../domain/ids.ts";
import { parsePhone, phoneFault } from "../domain/phone.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { ErasedPerson } from "../ports/program.ts";
import type { ErasureRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { type Counts, eraseCalls } from "./erase-calls.ts";
import { eraseElsewhere, suppressForGood } from "./erase-elsewhere.ts";
import { eraseDeliveries } from "./erase-messages.ts";
import type { ErasureInput, ErasureVerbs, ErasureView } from "./erasures-api.ts";
import { Entries } from "./ledger.ts";
import { runSure } from "./run-sure.ts";

const identifiersMax = 20;
const openMax = 20;
/** A call that is under way is looked at again after this. */
const lookAgainMs = 60_000;

const personPlace = (id: number): string => `erasures|person|${id}`;

export function erasureVerbs(context: Context): ErasureVerbs {
  return {
    erasePerson: (actor, input) => erasePerson(context, actor, input),
    getErasure: async (actor, erasureId) => view(context, await ownErasure(context, actor, erasureId)),
    listErasures: (actor, page) => listErasures(context, actor, page),
  };
}

/** The duty that brings erasures to their end: those of a process that died, and those that wait for a call to end. */
export function makeErase(context: Context): () => Promise<number> {
  return async () => {
    const open = await context.store.read("look for erasures", () =>
      context.store.statements.erasures.open({ limit: openMax }),
    );
    let waiting = false;
    for (const row of open) waiting = (await pass(context, row)).status !== "done" || waiting;
    return waiting ? context.clock.now() + lookAgainMs : forever;
  };
}

async function erasePerson(context: Context, actor: Actor, input: ErasureInput): Promise<ErasureView> {
  const person = readPerson(context, actor, input);
  const lease = await context.ids.reserve({ record: 1, ledger: 1 });
  const id = lease.next("record");
  const row: ErasureRow = {
    id,
    workspace_id: actor.workspaceId,
    status: "running",
    person: context.secrets.seal(JSON.stringify(person), personPlace(id)),
    counts: "{}",
    actor: actor.name,
    created_at: context.clock.now(),
    ended_at: null,
  };
  await runSure(context, "ask for an erasure", function* (again) {
    const { statements } = context.store;
    if (again && (yield* statements.erasures.byIds([{ id }])).length > 0) return;
    const entries = new Entries(lease);
    entries.addWide(actor.workspaceId, {
      at: row.created_at,
      type: "person.erasure_asked",
      actor: actor.name,
      data: { erasure_id: context.secrets.publicId("erasure", id) },
    });
    yield* statements.erasures.insert([row]);
    yield* statements.ledger.insert(entries.rows);
  });
  const done = await pass(context, row);
  if (done.status !== "done") context.wake("erase", context.clock.now() + lookAgainMs);
  return view(context, done);
}

/**
 * One pass over everything that knows the person; what was done before is not done again, and counted once. 1. Nobody is
 * to call them any more; 2. the programs' tables and notifications; 3. their calls and series; 4. messages about those.
 */
async function pass(context: Context, row: ErasureRow): Promise<ErasureRow> {
  if (row.person === null) return row;
  const person = JSON.parse(context.secrets.open(row.person, personPlace(row.id))) as ErasedPerson;
  const actor: Actor = { workspaceId: row.workspace_id, name: row.actor };
  const counts: Counts = new Map(Object.entries(JSON.parse(row.counts) as Record<string, number>));
  const whole = await eraseElsewhere(context, actor, person, counts);
  await suppressForGood(context, actor, whole);
  const erased = new Set<number>();
  let underWay = 0;
  for (const hash of whole.numberHashes) {
    underWay += await eraseCalls(context, actor, hash, counts, erased);
  }
  await eraseDeliveries(context, actor, erased, counts);
  const done: ErasureRow = {
    ...row,
    status: underWay === 0 ? "done" : "waiting",
    // What was found out on the way is looked for again.
    person: underWay === 0 ? null : context.secrets.seal(JSON.stringify(whole), personPlace(row.id)),
    counts: JSON.stringify(Object.fromEntries(counts)),
    ended_at: underWay === 0 ? context.clock.now() : null,
  };
  await finish(context, done);
  await context.store.scrub();
  return done;
}

async function finish(context: Context, row: ErasureRow): Promise<void> {
  const lease = await context.ids.reserve({ ledger: 1 });
  await runSure(context, "finish an erasure", function* () {
    const { statements } = context.store;
    const [there] = yield* statements.erasures.byIds([{ id: row.id }]);
    if (there === undefined || there.person === null) return;
    yield* statements.erasures.change([row]);
    if (row.status !== "done") return;
    const entries = new Entries(lease);
    entries.addWide(row.workspace_id, {
      at: row.ended_at ?? row.created_at,
      type: "person.erased",
      actor: row.actor,
      data: {
        erasure_id: context.secrets.publicId("erasure", row.id),
        counts: JSON.parse(row.counts) as Record<string, number>,
      },
    });
    yield* statements.ledger.insert(entries.rows);
  });
  context.announce();
}

function readPerson(context: Context, actor: Actor, input: ErasureInput): ErasedPerson {
  const { numbers = [], emails = [], recipient_ids: recipientIds = [] } = input;
  const count = numbers.length + emails.length + recipientIds.length;
  if (count === 0)
    throw refuseField("invalid_body", "", "Say who: numbers, emails or recipient_ids of one person.");
  if (count > identifiersMax)
    throw refuseField("too_many_items", "", `One person has at most ${identifiersMax} of them.`);
  const parsed = numbers.map((to, index) => {
    const phone = parsePhone(to);
    if (!phone.ok) throw refuseField("phone_invalid", `/numbers/${index}`, phoneFault(phone));
    return phone.e164;
  });
  return {
    workspaceId: actor.workspaceId,
    numbers: parsed,
    numberHashes: parsed.map((e164) => context.secrets.numberHash(actor.workspaceId, e164)),
    emails: emails.map((email) => email.toLowerCase()),
    recipientIds,
  };
}

async function ownErasure(context: Context, actor: Actor, erasureId: string): Promise<ErasureRow> {
  const id = context.secrets.readId("erasure", erasureId);
  const [row] =
    id === null
      ? []
      : await context.store.read("read an erasure", () => context.store.statements.erasures.byIds([{ id }]));
  if (row === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no erasure "${erasureId.slice(0, 64)}".`);
  return row;
}

async function listErasures(context: Context, actor: Actor, page: PageRequest): Promise<Page<ErasureView>> {
  const before_id = beforeOf(page, "erasures");
  const rows = await context.store.read("list erasures", () =>
    context.store.statements.erasures.list({
      workspace_id: actor.workspaceId,
      before_id,
      limit: page.limit + 1,
    }),
  );
  return pageOf(rows, page, "erasures", (row) => view(context, row));
}

function view(context: Context, row: ErasureRow): ErasureView {
  return {
    id: context.secrets.publicId("erasure", row.id),
    status: row.status,
    counts: JSON.parse(row.counts) as Record<string, number>,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
