import { refuseField } from "../domain/refusal.ts";
import { parseDuration } from "../domain/zone.ts";
import type { SettingRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { WorkspaceSettings } from "./config-api.ts";
import type { Actor } from "./engine.ts";
import { Entries } from "./ledger.ts";

const capsMax = 8;

export function getSettings(context: Context, actor: Actor): WorkspaceSettings {
  const config = context.book.workspace(actor.workspaceId);
  return {
    default_hours:
      config.defaultHours === null ? null : (context.book.hours.get(config.defaultHours)?.row.name ?? null),
    default_retry_policy:
      config.defaultPolicy === null
        ? null
        : (context.book.policies.get(config.defaultPolicy)?.row.name ?? null),
    default_line:
      config.defaultLine === null ? null : (context.book.lines.get(config.defaultLine)?.name ?? null),
    default_expires_after: `${Math.round(config.expiresAfterMs / 1000)}s`,
    number_caps: config.numberCaps,
  };
}

/** Changes what is given; waiting calls are planned again when the default hours change. */
export async function updateSettings(
  context: Context,
  actor: Actor,
  patch: Partial<WorkspaceSettings>,
): Promise<WorkspaceSettings> {
  const now = context.clock.now();
  const rows: SettingRow[] = [];
  const put = (name: string, value: unknown): void =>
    void rows.push({ workspace_id: actor.workspaceId, name, value: JSON.stringify(value), updated_at: now });
  const { book } = context;
  if (patch.default_hours !== undefined) {
    put(
      "default_hours",
      reference(
        patch.default_hours,
        (name) => book.findHours(actor.workspaceId, name)?.row.id,
        "hours_unknown",
        "/default_hours",
      ),
    );
  }
  if (patch.default_retry_policy !== undefined) {
    put(
      "default_retry_policy",
      reference(
        patch.default_retry_policy,
        (name) => book.findPolicy(actor.workspaceId, name)?.row.id,
        "retry_policy_unknown",
        "/default_retry_policy",
      ),
    );
  }
  if (patch.default_line !== undefined) {
    put(
      "default_line",
      reference(
        patch.default_line,
        (name) => book.findLine(actor.workspaceId, name)?.id,
        "line_unknown",
        "/default_line",
      ),
    );
  }
  if (patch.default_expires_after !== undefined) {
    const ms = parseDuration(patch.default_expires_after);
    if (ms === undefined || ms === 0)
      throw refuseField("time_invalid", "/default_expires_after", "Send a duration such as 1h.");
    put("default_expires_after_ms", ms);
  }
  if (patch.number_caps !== undefined) {
    if (patch.number_caps.length > capsMax)
      throw refuseField("too_many_items", "/number_caps", `At most ${capsMax} caps.`);
    put("number_caps", patch.number_caps);
  }
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = new Entries(lease);
  entries.addWide(actor.workspaceId, {
    at: now,
    type: "settings.updated",
    actor: actor.name,
    data: { names: rows.map((row) => row.name) },
  });
  await context.book.changing(
    context.store.run("change settings", function* () {
      yield* context.store.statements.settings.put(rows);
      if (patch.default_hours !== undefined)
        yield* context.store.statements.workspaces.bumpPlan({ id: actor.workspaceId });
      yield* context.store.statements.ledger.insert(entries.rows);
    }),
  );
  await book.load();
  context.wake("replan");
  context.wake("dispatch");
  return getSettings(context, actor);
}

function reference(
  name: string | null,
  find: (name: string) => number | undefined,
  code: "hours_unknown" | "retry_policy_unknown" | "line_unknown",
  pointer: string,
): number | null {
  if (name === null) return null;
  const id = find(name);
  if (id === undefined) throw refuseField(code, pointer, `None is called "${name.slice(0, 64)}".`);
  return id;
}
