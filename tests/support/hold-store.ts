// A process of its own that opens the SQLite file named on its command line, says so, and keeps it until it is killed.
import process from "node:process";
import { openStore } from "../../src/store/open.ts";
import { FakeClock } from "./fake-clock.ts";
import { silentLog } from "./silent.ts";

await openStore({ kind: "sqlite", path: process.argv[2] ?? "" }, { clock: new FakeClock(), log: silentLog });
process.stdout.write("open\n");
process.stdin.resume();
