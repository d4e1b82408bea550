import { DAY_MS, HOUR_MS, MINUTE_MS } from "../civil.ts";
import { formatWall } from "../zone.ts";
import { joinWords } from "./day-words.ts";
import { modulo } from "./rule.ts";
import type { Times } from "./times.ts";
import type { Step } from "./words.ts";

const LISTED_MAX = 8;

/** The times of a rule in words: "at 09:00 and 17:00", "every 15 minutes from 09:00 to 16:45". */
export function describeTimes(times: Times, step: Step | undefined, startLocalMs: number): string {
  if (times.kind === "steps") return steppedWords(times.lists, step, startLocalMs);
  const { list } = times;
  const first = list[0] ?? 0;
  const last = list.at(-1) ?? 0;
  const distance = distanceOf(list);
  if (distance === undefined || list.length < 4) {
    if (list.length <= LISTED_MAX) return `at ${joinWords(list.map(clockOf))}`;
    return `${list.length} times from ${clockOf(first)} to ${clockOf(last)}`;
  }
  const every = `every ${span(distance)}`;
  if (list.length * distance !== DAY_MS) return `${every} from ${clockOf(first)} to ${clockOf(last)}`;
  if (distance === HOUR_MS && first !== 0) return `${every} at ${clockOf(first).slice(2)}`;
  return first === 0 ? every : `${every}, beginning at ${clockOf(first)}`;
}

function steppedWords(
  lists: readonly (readonly number[])[],
  step: Step | undefined,
  startLocalMs: number,
): string {
  const unitMs = step?.unit === "hour" ? HOUR_MS : MINUTE_MS;
  const every = `every ${span((step?.interval ?? 1) * unitMs)}, counted from ${formatWall(startLocalMs).slice(0, 16).replace("T", " ")}`;
  const all = lists.flat().sort((a, b) => a - b);
  const isEvery = all.length * unitMs >= DAY_MS;
  return isEvery ? every : `${every}, of these only ${narrowWords(all)}`;
}

function narrowWords(list: readonly number[]): string {
  const distance = distanceOf(list);
  const [first, last] = [clockOf(list[0] ?? 0), clockOf(list.at(-1) ?? 0)];
  if (list.length <= LISTED_MAX) return joinWords(list.map(clockOf));
  return distance === undefined
    ? `${list.length} times of the day from ${first} to ${last}`
    : `${first} to ${last}`;
}

/** The distance between neighbours when it is the same everywhere. */
function distanceOf(list: readonly number[]): number | undefined {
  const distance = (list[1] ?? 0) - (list[0] ?? 0);
  return list.length > 1 && list.every((time, i) => i === 0 || time - (list[i - 1] ?? 0) === distance)
    ? distance
    : undefined;
}

function span(ms: number): string {
  if (ms % HOUR_MS === 0) return ms === HOUR_MS ? "hour" : `${ms / HOUR_MS} hours`;
  return ms === MINUTE_MS ? "minute" : `${ms / MINUTE_MS} minutes`;
}

function clockOf(ms: number): string {
  const text = formatWall(modulo(ms, DAY_MS)).slice(11);
  return ms % MINUTE_MS === 0 ? text.slice(0, 5) : text;
}
