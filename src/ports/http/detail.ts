import type { FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";

/** One thing that is wrong with the form of a request, as FastAPI words it. */
export type FormFault = {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
};

/** The request's form is wrong: 422 with a list, where everything else is a sentence. */
class FormRefusal extends Refusal {
  readonly formFaults: readonly FormFault[];

  constructor(formFaults: readonly FormFault[]) {
    super("invalid_body", formFaults.map(({ msg }) => msg).join("; "));
    this.formFaults = formFaults;
  }
}

/** A refusal of the request's form, with all that is wrong. */
export function refuseForm(faults: readonly FormFault[]): Refusal {
  return new FormRefusal(faults);
}

/** Words any refusal as FastAPI services do: `{"detail": "…"}`, or a list of what is wrong with the request's form. */
export function sendDetail(refusal: Refusal, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { detail, status } = wordsOf(refusal);
  return reply.code(status).type("application/json; charset=utf-8").send({ detail });
}

function wordsOf(refusal: Refusal): { detail: string | readonly FormFault[]; status: number } {
  if (refusal instanceof FormRefusal) return { detail: refusal.formFaults, status: 422 };
  if (refusal.code === "malformed_json")
    return {
      detail: [{ type: "json_invalid", loc: ["body", 0], msg: `JSON decode error: ${refusal.message}` }],
      status: 422,
    };
  // What the core finds wrong, or too late, such services call a bad request.
  const isBad = refusal.status === 409 || refusal.status === 422;
  const isOnlyHere = !refusal.code.startsWith("idempotency_");
  return { detail: refusal.message, status: isBad && isOnlyHere ? 400 : refusal.status };
}

/** The JSON schema of what `sendDetail` sends; `field` is one of the door's, as an example. */
export function detailSchema(field: string): object {
  const fault = {
    type: "object",
    required: ["loc", "msg", "type"],
    properties: {
      loc: { type: "array", items: { type: ["string", "integer"] }, example: ["body", field] },
      msg: { type: "string", example: "Field required" },
      type: { type: "string", example: "missing" },
    },
  };
  return {
    type: "object",
    required: ["detail"],
    properties: {
      detail: {
        description: "A sentence; a list where the form of the request is wrong (422).",
        oneOf: [{ type: "string" }, { type: "array", items: fault }],
      },
    },
  };
}
