import type { FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import { actorOf, withParameter } from "../../ports/http/requests.ts";

import {
  createCustomer,
  findCustomers,
  listCustomers,
  readCustomer,
  removeCustomer,
  renderCustomer,
  updateCustomer,
} from "./customers.ts";
import * as fields from "./fields.ts";
import { type FormOf, readForm } from "./form.ts";
import { idOf, pathId } from "./handlers.ts";
import { IMPORT_BYTES_MAX, importCsv } from "./import.ts";
import type { Actor, Parts } from "./parts.ts";
import {
  changeHolding,
  createHolding,
  createPolicy,
  listHoldings,
  listPolicies,
  readPolicy,
  removePolicy,
  renderHoldings,
  renderPolicy,
  updatePolicy,
} from "./policies.ts";
import { customerNotFound, holdingNotFound, policyNotFound } from "./refusals.ts";
import type { HoldingRow } from "./tables.ts";

const LIMIT_DEFAULT = 50;
const MONTHS_DEFAULT = 12;

/** The handlers of `/api/customers` and `/api/policies`. */
export function dataHandlers(parts: Parts) {
  const { house } = parts;
  const customerOf = (request: FastifyRequest): number =>
    idOf(parts, "customer", pathId(request), customerNotFound);
  const policyOf = (request: FastifyRequest): number =>
    idOf(parts, "policy", pathId(request), policyNotFound);
  const holdingOf = (request: FastifyRequest): number =>
    idOf(parts, "customer_policy", pathId(request, "holding_id"), holdingNotFound);
  const showHolding = async (actor: Actor, row: HoldingRow) => (await renderHoldings(parts, actor, [row]))[0];

  return {
    listCustomers: async (request: FastifyRequest, reply: FastifyReply) => {
      const form = readForm(fields.pageFields, "query", request.query);
      const { phone, customer_code: code } = form;
      const by = { ...(phone && { phone: phone.replace(/^ ?(?=\d)/, "+") }), ...(code && { code }) };
      const page = pageOf(parts, form, "customer");
      const rows =
        "phone" in by || "code" in by
          ? await findCustomers(parts, actorOf(request), by)
          : await listCustomers(parts, actorOf(request), page);
      linkNext(
        request,
        reply,
        rows.length === page.limit ? house.secrets.publicId("customer", rows.at(-1)?.id ?? 0) : null,
      );
      return rows.map((row) => renderCustomer(parts, row));
    },
    createCustomer: async (request: FastifyRequest) => {
      const { customer_code: code, ...form } = readForm(fields.newCustomerFields, "body", request.body);
      const made = await createCustomer(parts, actorOf(request), {
        customerCode: code ?? null,
        phone: form.phone,
        name: form.name,
        email: form.email ?? null,
        age: form.age ?? null,
        city: form.city ?? null,
        address: form.address ?? null,
      });
      return renderCustomer(parts, made);
    },
    getCustomer: async (request: FastifyRequest) =>
      renderCustomer(parts, await readCustomer(parts, actorOf(request), customerOf(request))),
    updateCustomer: async (request: FastifyRequest) => {
      const form = readForm(fields.customerFields, "body", request.body);
      const { name, phone, customer_code: customerCode, ...others } = form;
      const edit = {
        ...given(others),
        ...(customerCode === undefined ? {} : { customerCode }),
        ...(name ? { name } : {}),
        ...(phone ? { phone } : {}),
      };
      return renderCustomer(parts, await updateCustomer(parts, actorOf(request), customerOf(request), edit));
    },
    removeCustomer: async (request: FastifyRequest) => {
      await removeCustomer(parts, actorOf(request), customerOf(request));
      return { success: true, message: "Customer deleted" };
    },

    importCustomers: async (request: FastifyRequest) => {
      const { preview } = readForm(fields.importFields, "query", request.query);
      if (!isStream(request.body))
        throw new Refusal("unsupported_media_type", "Send the file itself as Content-Type: text/csv.");
      const table = await house.readCsv(bounded(request.body));
      return importCsv(parts, actorOf(request), table, preview ?? false);
    },

    listPolicies: async (request: FastifyRequest, reply: FastifyReply) => {
      const page = pageOf(parts, readForm(fields.pageFields, "query", request.query), "policy");
      const rows = await listPolicies(parts, actorOf(request), page);
      linkNext(
        request,
        reply,
        rows.length === page.limit ? house.secrets.publicId("policy", rows.at(-1)?.id ?? 0) : null,
      );
      return rows.map((row) => renderPolicy(parts, row));
    },
    createPolicy: async (request: FastifyRequest) => {
      const form = readForm(fields.newPolicyFields, "body", request.body);
      const made = await createPolicy(parts, actorOf(request), {
        policy_number: form.policy_number,
        policy_name: form.policy_name,
        policy_type: form.policy_type ?? null,
        description: form.description ?? null,
        base_premium: form.base_premium ?? null,
        base_sum_assured: form.base_sum_assured ?? null,
        duration_months: form.duration_months ?? MONTHS_DEFAULT,
      });
      return renderPolicy(parts, made);
    },
    getPolicy: async (request: FastifyRequest) =>
      renderPolicy(parts, await readPolicy(parts, actorOf(request), policyOf(request))),
    updatePolicy: async (request: FastifyRequest) => {
      const form = readForm(fields.policyFields, "body", request.body);
      const { policy_number: number, policy_name: name, duration_months: months, ...others } = form;
      const edit = {
        ...given(others),
        ...(number ? { policy_number: number } : {}),
        ...(name ? { policy_name: name } : {}),
        ...(months ? { duration_months: months } : {}),
      };
      return renderPolicy(parts, await updatePolicy(parts, actorOf(request), policyOf(request), edit));
    },
    removePolicy: async (request: FastifyRequest) => {
      await removePolicy(parts, actorOf(request), policyOf(request));
      return { success: true, message: "Policy deleted" };
    },

    listHoldings: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      return renderHoldings(parts, actor, await listHoldings(parts, actor, customerOf(request)));
    },
    createHolding: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.newHoldingFields, "body", request.body);
      const made = await createHolding(parts, actor, customerOf(request), {
        policyId: idOf(parts, "policy", form.policy_id, policyNotFound),
        startDay: form.start_date ?? null,
        endDay: form.end_date ?? null,
        status: form.status ?? "active",
        premiumAmount: form.premium_amount ?? null,
        sumAssured: form.sum_assured ?? null,
      });
      return showHolding(actor, made);
    },
    getHolding: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const id = holdingOf(request);
      const found = (await listHoldings(parts, actor, customerOf(request))).find((row) => row.id === id);
      if (found === undefined) throw holdingNotFound();
      return showHolding(actor, found);
    },
    updateHolding: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const form = readForm(fields.holdingFields, "body", request.body);
      const edit = {
        ...(form.policy_id ? { policy_id: idOf(parts, "policy", form.policy_id, policyNotFound) } : {}),
        ...(form.start_date ? { start_day: form.start_date } : {}),
        ...(form.end_date ? { end_day: form.end_date } : {}),
        ...(form.status ? { status: form.status } : {}),
        ...given({ premium_amount: form.premium_amount, sum_assured: form.sum_assured }),
      };
      return showHolding(
        actor,
        await changeHolding(parts, actor, customerOf(request), holdingOf(request), edit),
      );
    },
    removeHolding: async (request: FastifyRequest) => {
      await changeHolding(parts, actorOf(request), customerOf(request), holdingOf(request), null);
      return { success: true, message: "Customer policy deleted" };
    },
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** What was sent; null clears. */
function given<T extends object>(form: T): Given<T> {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== undefined)) as Given<T>;
}

function pageOf(parts: Parts, form: FormOf<typeof fields.pageFields>, kind: "customer" | "policy") {
  const limit = form.limit ?? LIMIT_DEFAULT;
  if (!form.after) return { after: 0, limit };
  return {
    after: idOf(parts, kind, form.after, kind === "customer" ? customerNotFound : policyNotFound),
    limit,
  };
}

/** The list is bare, so that where the next part begins stands in a Link (RFC 8288). */
function linkNext(request: FastifyRequest, reply: FastifyReply, after: string | null): void {
  if (after !== null) reply.header("link", `<${withParameter(request.url, "after", after)}>; rel="next"`);
}

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

async function* bounded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.byteLength;
    if (total > IMPORT_BYTES_MAX)
      throw new Refusal("body_too_large", `A file has at most ${IMPORT_BYTES_MAX / 2 ** 20} MiB; split it.`);
    yield chunk;
  }
}
