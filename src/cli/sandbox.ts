import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import type { List } from "./shapes.ts";
import { table } from "./table.ts";
import { durationOption, instant, spanWords, stamp } from "./times.ts";

/** A number of the sandbox's network and what each try at it does; the last one repeats. */
export type SandboxNumber = { readonly number: string; readonly script: readonly string[] };

type Clock = { readonly now: string; readonly offset_ms: number };

/** Everything that falls due on the way is done before the answer comes. */
const ADVANCE_WITHIN_MS = 600_000;

/** `carillon sandbox …`: the test clock and the numbers of the pretend telephone network. */
export const addSandbox: AddCommand = (program, cli) => {
  const group = program.command("sandbox").description("the pretend telephone network and its clock");
  const advance = group
    .command("advance")
    .description("move the server's clock forward, for good; refused when any line is real")
    .argument("<duration>", "how far: 90s, 5m, 24h, 3d")
    .action(
      action(cli, async (context, _options, duration = "") => {
        durationOption("The duration", duration);
        const options = { withinMs: ADVANCE_WITHIN_MS };
        print(
          context,
          await context.client().post<Clock>("/v1/sandbox/clock", { advance: duration }, options),
        );
      }),
    );
  examples(advance, [["carillon sandbox advance 24h", "tomorrow's calls happen now"]]);
  const clock = group
    .command("clock")
    .description("show the server's clock")
    .action(
      action(cli, async (context) => print(context, await context.client().get<Clock>("/v1/sandbox/clock"))),
    );
  examples(clock, [["carillon sandbox clock", ""]]);
  const numbers = group
    .command("numbers")
    .description("list the numbers and what happens when they are called")
    .action(
      action(cli, async (context) => {
        const list = await context.client().get<List<SandboxNumber>>("/v1/sandbox/numbers");
        const rows = list.data.map(({ number, script }) => [number, script.map(scriptWords).join(", then ")]);
        context.print(list, () => table(["NUMBER", "WHAT HAPPENS"], rows, "No numbers."));
      }),
    );
  examples(numbers, [["carillon sandbox numbers", ""]]);
};

function print(context: Context, clock: Clock): void {
  const times = context.times();
  const ahead =
    clock.offset_ms === 0 ? "the real time" : `${spanWords(clock.offset_ms)} ahead of the real time`;
  context.print(clock, () => `The server's clock shows ${stamp(instant(clock.now), times.home)}, ${ahead}.`);
}

const WORDS: Readonly<Record<string, string>> = {
  answered: "answers",
  busy: "is busy",
  no_answer: "rings out",
  voicemail: "voicemail takes it",
  declined: "declines",
  invalid_number: "is no valid number",
  "503": "carrier answers 503",
  "429": "carrier answers 429",
  timeout_rang: "our request times out, it did ring",
  timeout_not_rang: "our request times out, it did not ring",
  long: "talks for ten minutes",
  duplicate: "callbacks come twice",
  out_of_order: "callbacks come out of order",
  late: "the last callback comes a minute late",
  silent: "no callback ever comes",
  hangs_up: "answers and hangs up after 2 s",
  ivr: "a menu answers",
  spam: "is blocked as spam",
};

/** A script word such as "answered:confirmed" in plain words. */
export function scriptWords(word: string): string {
  const [kind = "", said] = word.split(":");
  const words = WORDS[kind] ?? word.replaceAll("_", " ");
  return said === undefined || WORDS[kind] === undefined ? words : `${words}, ${said.replaceAll("_", " ")}`;
}
