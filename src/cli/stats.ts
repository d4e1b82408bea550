import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import type { Stats } from "./shapes.ts";
import { fields } from "./table.ts";
import { instant, spanWords, stamp } from "./times.ts";

/** `carillon stats`: how many calls there are, and how punctual they were. */
export const addStats: AddCommand = (program, cli) => {
  const command = program
    .command("stats")
    .description("how many calls there are, how they ended, and how punctual they were")
    .action(action(cli, show));
  examples(command, [["carillon stats --json", ""]]);
};

async function show(context: Context): Promise<void> {
  const stats = await context.client().get<Stats>("/v1/stats");
  const times = context.times();
  context.print(stats, () => {
    const { start_delay_ms: delay } = stats;
    const punctual =
      delay.count === 0
        ? "no call dialed since the start"
        : `p50 ${spanWords(delay.p50)}, p95 ${spanWords(delay.p95)}, p99 ${spanWords(delay.p99)}, longest ${spanWords(delay.max)}, of ${delay.count} since the start`;
    const counts = (of: Readonly<Record<string, number>>): string =>
      Object.entries(of)
        .filter(([, count]) => count > 0)
        .map(([name, count]) => `${name} ${count}`)
        .join(", ");
    return fields([
      ["calls", counts(stats.calls) || "none"],
      ["outcomes", counts(stats.outcomes)],
      ["tries", String(stats.attempts)],
      ["under way", String(stats.in_flight)],
      ["due now", String(stats.due_now)],
      ["oldest due", stats.oldest_due_at === null ? null : stamp(instant(stats.oldest_due_at), times.home)],
      ["start delay", punctual],
    ]);
  });
}
