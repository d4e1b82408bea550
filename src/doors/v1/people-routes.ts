import type { FastifyInstance, FastifyReply } from "fastify";
import { type Static, Type } from "typebox";

import { formatUtc } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ErasureView } from "../../engine/erasures-api.ts";
import type { DoorPorts } from "../../ports/door.ts";
import { type Checked, actorOf, pageRequestOf, sendPage } from "../../ports/http/requests.ts";
import { answer, oneOf, pageOf, strict, utc, utcOrNull } from "../../ports/http/schema-parts.ts";
import { section } from "../../ports/http/section.ts";

import { type PageQuery, pageQuery } from "./call-schemas.ts";

const identifiers = (description: string, example: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 320 }), {
      minItems: 1,
      maxItems: 20,
      description,
      examples: [[example]],
    }),
  );
const erasureCreate = strict("ErasureCreate", {
  numbers: identifiers("Their numbers, in E.164.", "+12125550137"),
  emails: identifiers("Their e-mail addresses.", "ada@example.com"),
  recipient_ids: identifiers("Ids under which they are told things.", "client-17"),
});
const erasure = answer("Erasure", {
  id: Type.String(),
  status: oneOf(
    ["running", "waiting", "done"],
    "waiting: a call to the person is under way; what belongs to it is erased once it has ended.",
  ),
  counts: Type.Record(Type.String(), Type.Integer(), {
    description: "Rows that were blanked or removed, by what they were.",
  }),
  created_at: utc,
  ended_at: utcOrNull,
});

/** Forgetting people. */
export function addPeople(app: FastifyInstance, { engine }: DoorPorts<Engine>): void {
  const people = section(app, "People", "people");

  people.post(
    "erasePerson",
    "/people/erase",
    "Forget a person",
    {
      body: erasureCreate,
      answer: erasure,
      statuses: [200],
      refusals: ["phone_invalid", "too_many_items"],
      description:
        "Names, numbers and addresses go everywhere; what happened, when and how it ended stays without them. What waits for the person is canceled, and their numbers stay on the do-not-call list as keyed hashes. There is no way back.",
    },
    async (request) => render(await engine.erasePerson(actorOf(request), request.body)),
  );
  people.get(
    "listErasures",
    "/people/erasures",
    "List what was forgotten, the newest first",
    { query: pageQuery, answer: pageOf("ErasurePage", erasure), refusals: ["invalid_cursor"] },
    async (request: Checked<unknown, PageQuery>, reply: FastifyReply) => {
      const page = await engine.listErasures(actorOf(request), pageRequestOf(request.query));
      return sendPage(page, render, request, reply);
    },
  );
  people.get("getErasure", "/people/erasures/:id", "Get an erasure", { answer: erasure }, async (request) =>
    render(await engine.getErasure(actorOf(request), request.params.id)),
  );
}

function render(view: ErasureView): Static<typeof erasure> {
  return {
    id: view.id,
    status: view.status,
    counts: { ...view.counts },
    created_at: formatUtc(view.createdAt),
    ended_at: view.endedAt === null ? null : formatUtc(view.endedAt),
  };
}
