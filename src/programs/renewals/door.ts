import type { FastifyInstance, HTTPMethods } from "fastify";

import type { Scope } from "../../domain/scope.ts";
import type { Door } from "../../ports/door.ts";

import { type Handler, callHandlers } from "./handlers.ts";
import { dataHandlers } from "./handlers-data.ts";
import { IMPORT_BYTES_MAX } from "./import.ts";
import type { Parts } from "./parts.ts";
import { sendDetail } from "../../ports/http/detail.ts";
import { refusalSchema } from "./refusals.ts";
import * as of from "./schemas.ts";

const nouns = ["scheduler", "calls", "customers", "policies", "analytics"];
/** The service's own clients and its pages write the paths with and without it. */
const prefixes = ["/api", ""];

/** The renewals service. */
export function renewalsDoor(parts: Parts): Door<never> {
  return {
    name: "renewals",
    prefix: "",
    roots: prefixes.flatMap((prefix) => nouns.map((noun) => `${prefix}/${noun}`)),
    tag: {
      name: "Renewals",
      description:
        "Customers whose policies are about to end, the daily run that calls them, and what was agreed.",
    },
    register: (app) => addRoutes(app, parts),
    sendRefusal: sendDetail,
    refusalSchema,
  };
}

type Extra = { readonly bodyLimit?: number; readonly idempotency?: "none" };

function addRoutes(app: FastifyInstance, parts: Parts): void {
  const calls = callHandlers(parts);
  const data = dataHandlers(parts);
  // The handlers read bodies and queries themselves, in the words of the service; the schemas are for the description.
  app.setValidatorCompiler(() => () => true);
  // A file is read as it arrives.
  app.addContentTypeParser(
    ["text/csv", "text/plain", "application/csv", "application/octet-stream", "application/vnd.ms-excel"],
    (_request, payload, done) => done(null, payload),
  );

  const route = (
    method: HTTPMethods,
    path: string,
    operationId: string,
    summary: string,
    schema: object,
    handler: Handler,
    extra: Extra = {},
  ): void => {
    const access: Scope = method === "GET" ? "renewals:read" : "renewals:write";
    for (const prefix of prefixes) {
      const described = { operationId, summary, ...of.paramsOf(path), ...schema };
      app.route({
        method,
        url: `${prefix}${path}`,
        schema: prefix === "" ? { hide: true } : described,
        config: { access, ...(extra.idempotency === undefined ? {} : { idempotency: extra.idempotency }) },
        ...(extra.bodyLimit === undefined ? {} : { bodyLimit: extra.bodyLimit }),
        exposeHeadRoute: false,
        handler,
      });
    }
  };

  route(
    "GET",
    "/scheduler/config",
    "getRenewalConfig",
    "The settings of the daily run",
    of.config,
    calls.getConfig,
  );
  route("PUT", "/scheduler/config", "putRenewalConfig", "Change settings", of.configEdit, calls.putConfig);
  route(
    "GET",
    "/scheduler/pending-customers",
    "listPendingCustomers",
    "Who is to be called",
    of.pending,
    calls.pending,
  );
  route(
    "GET",
    "/scheduler/scheduled-calls",
    "listScheduledCalls",
    "Calls, the last first",
    of.scheduledList,
    calls.listScheduled,
  );
  route(
    "POST",
    "/scheduler/scheduled-calls",
    "createScheduledCall",
    "Make a call for a day",
    of.scheduledCreate,
    calls.createScheduled,
  );
  route(
    "GET",
    "/scheduler/scheduled-calls/:id",
    "getScheduledCall",
    "One call",
    of.scheduledGet,
    calls.getScheduled,
  );
  route(
    "DELETE",
    "/scheduler/scheduled-calls/:id",
    "cancelScheduledCall",
    "Cancel a call",
    of.done,
    calls.cancelScheduled,
  );
  route("GET", "/scheduler/stats", "getRenewalStats", "Today in numbers", of.stats, calls.stats);
  route(
    "POST",
    "/scheduler/trigger-now",
    "triggerRenewals",
    "Select and call at once",
    of.trigger,
    calls.triggerNow,
  );
  route("DELETE", "/scheduler/cleanup", "cleanUpRenewals", "Forget old calls", of.cleanup, calls.cleanup);

  route("GET", "/calls", "listRenewalCalls", "Calls, the last first", of.callList, calls.listCalls);
  route(
    "POST",
    "/calls/initiate",
    "initiateRenewalCallOf",
    "Call a customer at once",
    of.initiateOf,
    calls.initiateByBody,
  );
  route(
    "POST",
    "/calls/initiate/:id",
    "initiateRenewalCall",
    "Call a customer at once",
    of.initiate,
    calls.initiate,
  );
  route(
    "POST",
    "/calls/batch/expiring",
    "callExpiring",
    "Call those whose policies end soonest",
    of.batch,
    calls.batch,
  );
  route("GET", "/calls/:id", "getRenewalCall", "One call", of.callGet, calls.getCall);
  route(
    "PUT",
    "/calls/:id/status",
    "setRenewalCallStatus",
    "Say how a call ended",
    of.statusSet,
    calls.setStatus,
  );
  route(
    "PUT",
    "/calls/:id/summary",
    "summarizeRenewalCall",
    "Say what was agreed",
    of.summarize,
    calls.summarize,
  );

  route("GET", "/customers", "listCustomers", "Customers", of.customerList, data.listCustomers);
  route("POST", "/customers", "createCustomer", "Create a customer", of.customerCreate, data.createCustomer);
  route(
    "POST",
    "/customers/import",
    "importCustomers",
    "Import customers and policies from CSV",
    of.importFile,
    data.importCustomers,
    {
      bodyLimit: IMPORT_BYTES_MAX,
      idempotency: "none",
    },
  );
  route("GET", "/customers/:id", "getCustomer", "One customer", of.customerGet, data.getCustomer);
  route("PUT", "/customers/:id", "updateCustomer", "Change a customer", of.customerEdit, data.updateCustomer);
  route("DELETE", "/customers/:id", "deleteCustomer", "Remove a customer", of.done, data.removeCustomer);
  route(
    "GET",
    "/customers/:id/policies",
    "listCustomerPolicies",
    "What a customer holds",
    of.holdingList,
    data.listHoldings,
  );
  route(
    "POST",
    "/customers/:id/policies",
    "createCustomerPolicy",
    "Give a customer a policy",
    of.holdingCreate,
    data.createHolding,
  );
  route(
    "GET",
    "/customers/:id/policies/:holding_id",
    "getCustomerPolicy",
    "A policy of a customer",
    of.holdingGet,
    data.getHolding,
  );
  route(
    "PUT",
    "/customers/:id/policies/:holding_id",
    "updateCustomerPolicy",
    "Change a policy of a customer",
    of.holdingEdit,
    data.updateHolding,
  );
  route(
    "DELETE",
    "/customers/:id/policies/:holding_id",
    "deleteCustomerPolicy",
    "Take a policy from a customer",
    of.done,
    data.removeHolding,
  );

  route("GET", "/policies", "listPolicies", "Policies", of.policyList, data.listPolicies);
  route("POST", "/policies", "createPolicy", "Create a policy", of.policyCreate, data.createPolicy);
  route("GET", "/policies/:id", "getPolicy", "One policy", of.policyGet, data.getPolicy);
  route("PUT", "/policies/:id", "updatePolicy", "Change a policy", of.policyEdit, data.updatePolicy);
  route(
    "DELETE",
    "/policies/:id",
    "deletePolicy",
    "Remove a policy that nobody holds",
    of.done,
    data.removePolicy,
  );

  route(
    "GET",
    "/analytics/calls/summary",
    "summarizeCalls",
    "Calls by status",
    of.analytics,
    calls.analytics("summary"),
  );
  route(
    "GET",
    "/analytics/calls/outcomes",
    "countOutcomes",
    "Calls by outcome",
    of.analytics,
    calls.analytics("outcomes"),
  );
  route(
    "GET",
    "/analytics/conversion",
    "getConversion",
    "Renewals among completed calls",
    of.analytics,
    calls.analytics("conversion"),
  );
  route("GET", "/analytics/daily", "getDailyCalls", "Calls by day", of.analytics, calls.analytics("daily"));
}
