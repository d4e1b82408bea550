import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { type Counts, count } from "./erase-calls.ts";
import { bodyPlace } from "./subscribers.ts";

const page = 500;
const personal = new Set(["to", "name", "metadata", "external_id", "dedupe_key", "detail", "timezone"]);

/** Takes a person out of the messages about their calls, also out of those that are still owed. */
export async function eraseDeliveries(
  context: Context,
  actor: Actor,
  callIds: ReadonlySet<number>,
  counts: Counts,
): Promise<void> {
  if (callIds.size === 0) return;
  const { erasures } = context.store.statements;
  const { secrets } = context;
  for (let after = 0; ;) {
    const rows = await context.store.read("look for messages about a person", () =>
      erasures.deliveriesAfter({ workspace_id: actor.workspaceId, after_id: after, limit: page }),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    const about = rows
      .filter((row) => row.call_id !== null && callIds.has(row.call_id))
      .map(({ id, body }) => {
        const before = secrets.open(body, bodyPlace(id));
        return { id, before, after: JSON.stringify(withoutPerson(JSON.parse(before))) };
      })
      .filter((one) => one.before !== one.after);
    if (about.length === 0) continue;
    await context.store.run("erase messages", () =>
      erasures.setDelivery(
        about.map(({ id, after: text }) => ({
          id,
          body: secrets.seal(text, bodyPlace(id)),
          answer_body: null,
        })),
      ),
    );
    count(counts, "messages", about.length);
  }
}

function withoutPerson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPerson);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !personal.has(name))
      .map(([name, inner]) => [name, withoutPerson(inner)]),
  );
}
