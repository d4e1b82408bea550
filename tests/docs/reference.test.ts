import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { blocks, fill, pages } from "../../scripts/build-reference.ts";
import { parseSandboxSettings } from "../../src/carriers/sandbox/settings.ts";
import { callStatuses } from "../../src/domain/call.ts";
import { attemptStatuses } from "../../src/domain/attempt.ts";
import { derivedEventTypes, ledgerEventTypes } from "../../src/domain/event-types.ts";
import { startTestServer } from "../support/test-server.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

describe("what the reference says of the code is what the code says", () => {
  for (const { path, text } of pages()) {
    if (!text.includes("<!-- from the code:")) continue;
    test(path, () => assert.equal(text, fill(text), `${path} is out of date: npm run docs`));
  }

  test("every block of the code stands on a page", () => {
    const all = pages()
      .map(({ text }) => text)
      .join("\n");
    const missing = Object.keys(blocks).filter((name) => !all.includes(`<!-- from the code: ${name} -->`));
    assert.deepEqual(missing, []);
  });
});

test("lifecycle.md has words for every status", () => {
  const page = textOf("docs/reference/lifecycle.md");
  for (const status of [...callStatuses, ...attemptStatuses])
    assert.match(page, new RegExp(`^\\| \`${status}\` \\| [A-Z]`, "m"));
});

test("events.md lists exactly the types that the engine writes, and what follows from them", () => {
  // In a program's statements such words are columns.
  const sources = globSync("src/{engine,programs/*}/*.ts", { cwd: root }).filter(
    (path) => !path.includes("/statements"),
  );
  const written = sources.flatMap((path) =>
    [
      ...textOf(path).matchAll(
        /"((?:agent|appointment|call|clock|device|dialing|engine|hours|job|key|line|live|notification|notification_handler|notification_template|operation|person|policy|queue|recipient|retry_policy|series|settings|suppression|webhook_endpoint)\.[a-z_]+)"/g,
      ),
    ].map(([, type = ""]) => type),
  );
  const listed = [...textOf("docs/reference/events.md").matchAll(/^\| `([a-z_]+\.[a-z_]+)` \|/gm)].map(
    ([, type = ""]) => type,
  );
  const all = new Set<string>([...written, ...derivedEventTypes]);
  assert.deepEqual(listed.toSorted(), [...all].toSorted());
  // What a subscriber may ask for; a new type is added to src/domain/event-types.ts as well.
  assert.deepEqual([...ledgerEventTypes, ...derivedEventTypes].toSorted(), [...all].toSorted());
});

test("sandbox.md lists exactly the settings and faults of a sandbox line", () => {
  const unknown = (input: Record<string, unknown>): string[] => {
    const answer = parseSandboxSettings(input);
    assert.ok(!answer.ok);
    return (/It has: (.*)\./.exec(answer.detail)?.[1] ?? "").split(", ");
  };
  const known = [
    ...unknown({ nonsense: 1 }).filter((name) => name !== "faults"),
    ...unknown({ faults: { nonsense: 1 } }).map((name) => `faults.${name}`),
  ];
  const section =
    textOf("docs/reference/sandbox.md").split("## Settings and faults")[1]?.split("\n## ")[0] ?? "";
  const listed = [...section.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, name = ""]) => name);
  assert.deepEqual(listed.toSorted(), known.toSorted());
});

test("api.md lists every request that the server describes in its OpenAPI document", async () => {
  const { ask, server } = await startTestServer();
  const { paths } = (await ask("GET", "/openapi.json")).json<{
    paths: Record<string, Record<string, unknown>>;
  }>();
  await server.close(0);
  const described = Object.entries(paths)
    .filter(([path]) => path.startsWith("/v1/"))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const listed = [...textOf("docs/reference/api.md").matchAll(/^\| `([A-Z]+ \/v1\/[^`]+)` \|/gm)].map(
    ([, one = ""]) => one,
  );
  assert.deepEqual(listed.toSorted(), described.toSorted());
});

test("every link inside the documentation leads somewhere", () => {
  const all = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ...globSync("docs/**/*.md", { cwd: root }),
    "examples/http-backend/README.md",
  ];
  const broken = all.flatMap((path) => {
    const prose = textOf(path).replaceAll(/^```[^]*?^```$/gm, "");
    return [...prose.matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)].flatMap(([, target = ""]) => {
      const [file = "", anchor] = target.split("#");
      const there = file === "" ? path : join(dirname(path), file);
      if (!existsSync(join(root, there))) return [`${path} → ${target}`];
      return anchor === undefined || anchorsOf(textOf(there)).has(anchor) ? [] : [`${path} → ${target}`];
    });
  });
  assert.deepEqual(broken, []);
});

test("every page of the documentation can be found from its index", () => {
  const index = textOf("docs/README.md");
  const lost = globSync("docs/**/*.md", { cwd: root })
    .map((path) => path.slice("docs/".length))
    .filter((path) => path !== "README.md" && !index.includes(`](${path})`));
  assert.deepEqual(lost, []);
});

/** The anchors of a page: its headings, as GitHub makes them, and those that it sets itself. */
function anchorsOf(page: string): Set<string> {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/&[a-z]+;|[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set([...headings, ...[...page.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id)]);
}
