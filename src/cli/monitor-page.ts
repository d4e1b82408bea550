import type { ZoneRules } from "../domain/zone.ts";
import { type Job, type JobRun, type Worker, type WorkerStats, outcomeWords } from "./job-shapes.ts";
import { instant, spanWords, stamp } from "./times.ts";

/** All that the monitoring page shows. */
export type Monitored = {
  readonly url: string;
  readonly workers: readonly Worker[];
  readonly active: readonly JobRun[];
  readonly history: readonly JobRun[];
  readonly jobs: readonly Job[];
  readonly stats: WorkerStats;
};

const refreshS = 5;

/** The monitoring page: what runs, what ran, how long it took, how often it failed. Loads nothing from anywhere. */
export function monitorPage(seen: Monitored, now: number, home: ZoneRules): string {
  const at = (text: string | null): string => (text === null ? "" : stamp(instant(text), home));
  return pageOf("Carillon: workers and jobs", [
    `<p>${escaped(seen.url)} at ${escaped(stamp(now, home))}; this page renews itself every ${refreshS} s.</p>`,
    '<p><a href="/health">health</a> · <a href="/metrics">metrics</a> · <a href="/docs">API</a></p>',
    "<h2>Active runs</h2>",
    tableOf(
      ["Job", "Queue", "Began", "For", "Tries", "Run"],
      seen.active.map((run) => [
        run.job,
        run.queue,
        at(run.started_at),
        run.started_at === null ? "" : spanWords(Math.max(0, now - instant(run.started_at))),
        String(run.tries),
        run.id,
      ]),
      "Nothing is running.",
    ),
    "<h2>Workers</h2>",
    tableOf(
      ["Worker", "State", "Works on", "At once", "Running", "Since"],
      seen.workers.map((worker) => [
        worker.name,
        worker.status,
        [...(worker.calls ? ["calls"] : []), ...worker.queues].join(", "),
        String(worker.concurrency),
        String(worker.running.length),
        at(worker.started_at),
      ]),
      "No worker lives.",
    ),
    "<h2>Queues, last 24 hours</h2>",
    tableOf(
      ["Queue", "Waiting", "Running", "Succeeded", "Failed", "Missed", "Notifications to send", "Later"],
      seen.stats.queues.map((queue) => [
        queue.name,
        ...[queue.waiting, queue.running, queue.succeeded, queue.failed, queue.missed].map(String),
        String(queue.notifications_due),
        String(queue.notifications_later),
      ]),
      "No queues.",
    ),
    "<h2>Jobs: rates and times, last 24 hours</h2>",
    tableOf(
      ["Job", "When", "Next", "Succeeded", "Failed", "Success", "On average", "Longest"],
      seen.jobs.map((job) => jobRow(job, seen.stats, at)),
      "No jobs.",
    ),
    "<h2>History</h2>",
    tableOf(
      ["At", "Job", "Status", "Asked by", "Took", "Result", "Run"],
      seen.history.map((run) => [
        at(run.at),
        run.job,
        run.status,
        run.trigger,
        run.duration_ms === null ? "" : spanWords(run.duration_ms),
        outcomeWords(run),
        run.id,
      ]),
      "Nothing has run.",
    ),
  ]);
}

/** What is shown instead while the server cannot be asked. */
export function troublePage(title: string, detail: string): string {
  return pageOf(title, [`<p>${escaped(detail)}</p>`]);
}

function jobRow(job: Job, stats: WorkerStats, at: (text: string | null) => string): string[] {
  const own = stats.jobs.find(({ name }) => name === job.name);
  const [succeeded, failed] = [own?.succeeded ?? 0, own?.failed ?? 0];
  const took = (ms: number | null | undefined): string =>
    ms === null || ms === undefined ? "" : spanWords(ms);
  return [
    job.name,
    job.description,
    job.enabled ? at(job.next_run_at) : "switched off",
    String(succeeded),
    String(failed),
    succeeded + failed === 0 ? "" : `${Math.round((100 * succeeded) / (succeeded + failed))} %`,
    took(own?.average_ms),
    took(own?.longest_ms),
  ];
}

function pageOf(title: string, parts: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="${refreshS}">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1a1a1a; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ddd; padding: 0.3rem 0.6rem 0.3rem 0; text-align: left; vertical-align: top; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${parts.join("\n")}
</body>
</html>
`;
}

function tableOf(titles: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `<p>${escaped(empty)}</p>`;
  const line = (cells: readonly string[], tag: "th" | "td"): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>\n${[line(titles, "th"), ...rows.map((row) => line(row, "td"))].join("\n")}\n</table>`;
}

const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? "");
}
