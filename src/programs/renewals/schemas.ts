import { renewalStatuses } from "./status.ts";
import { statusWords } from "./summary.ts";
import { holdingStatuses } from "./tables.ts";

/** The descriptions of bodies, queries and answers. What is sent is read by `fields.ts`, which words what is wrong. */
const text = { type: "string" } as const;
const textOrNull = { type: ["string", "null"] } as const;
const integer = { type: "integer" } as const;
const number = { type: "number" } as const;
const numberOrNull = { type: ["number", "null"] } as const;
const integerOrNull = { type: ["integer", "null"] } as const;
const flag = { type: "boolean" } as const;
const flagOrNull = { type: ["boolean", "null"] } as const;
const date = { type: "string", example: "2027-01-15" } as const;
const clock = { type: "string", example: "10:00" } as const;
const instant = {
  type: ["string", "null"],
  description: "UTC, ISO 8601.",
  example: "2026-12-01T04:30:00Z",
} as const;
const phone = { type: "string", description: "E.164.", example: "+919123456789" } as const;
const status = { type: "string", enum: renewalStatuses } as const;

type Properties = Readonly<Record<string, object>>;

function answer(name: string, properties: Properties): object {
  return { response: { 200: object(name, properties) } };
}

function list(item: object): object {
  return { response: { 200: { type: "array", items: item } } };
}

function object(name: string, properties: Properties, required: readonly string[] = []): object {
  return { type: "object", "x-name": name, properties, ...(required.length > 0 && { required }) };
}

function query(properties: Properties): object {
  return { querystring: { type: "object", properties } };
}

function range(minimum: number, maximum: number, described: object = {}): object {
  return { type: "integer", minimum, maximum, ...described };
}

/** The parameters in a path. */
export function paramsOf(path: string): object {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "");
  if (names.length === 0) return {};
  return {
    params: {
      type: "object",
      required: names,
      properties: Object.fromEntries(names.map((name) => [name, text])),
    },
  };
}

const days = range(1, 365, {
  description: "Policies that end within so many days. Default: days_before_expiry.",
});

const settings = {
  enabled: flag,
  daily_call_time: { ...clock, description: "In the zone of the service: RENEWALS_TIMEZONE." },
  days_before_expiry: range(1, 365),
  max_calls_per_day: range(1, 10_000),
  max_concurrent_calls: range(1, 1000),
  retry_failed_after_hours: range(1, 720),
  max_retries_per_customer: range(0, 10),
  skip_if_called_within_days: range(0, 365),
};
export const config = answer("RenewalConfig", { ...settings, updated_at: instant });
export const configEdit = { ...config, body: object("RenewalConfigEdit", settings) };

const pendingCustomer = object("PendingCustomer", {
  customer_id: text,
  customer_name: text,
  customer_phone: phone,
  customer_policy_id: text,
  policy_id: text,
  policy_name: text,
  policy_end_date: date,
  end_date: date,
  days_to_expiry: integer,
  last_call_date: instant,
  call_count: integer,
});
export const pending = {
  ...query({ days, limit: range(1, 200, { default: 50 }) }),
  ...answer("PendingCustomers", { count: integer, customers: { type: "array", items: pendingCustomer } }),
};

const whose = {
  customer_id: text,
  customer_name: textOrNull,
  customer_phone: textOrNull,
  customer_policy_id: textOrNull,
};
const scheduled = object("ScheduledCall", {
  id: text,
  ...whose,
  scheduled_date: date,
  scheduled_time: textOrNull,
  status,
  reason: { ...text, example: "expiring_policy" },
  priority: integer,
  celery_task_id: textOrNull,
  call_id: text,
  notes: textOrNull,
  retry_count: integer,
  error_message: textOrNull,
  created_at: instant,
  executed_at: instant,
});
const listQuery = query({
  scheduled_date: date,
  status,
  customer_id: text,
  limit: { ...integer, minimum: 1, default: 50, description: "At most 1000 are given." },
});
export const scheduledList = { ...listQuery, ...list(scheduled) };
export const scheduledGet = { response: { 200: scheduled } };
export const scheduledCreate = {
  ...scheduledGet,
  body: object(
    "ScheduledCallCreate",
    {
      customer_id: text,
      scheduled_date: date,
      scheduled_time: { ...clock, description: "Default: daily_call_time." },
      customer_policy_id: { ...text, description: "Default: the active one that ends soonest." },
      reason: { ...text, default: "manual" },
      priority: {
        ...integer,
        description: "Higher is first; 0 to 9, others are taken as the nearest of them.",
        default: 0,
      },
      notes: text,
    },
    ["customer_id", "scheduled_date"],
  ),
};
export const done = answer("RenewalDone", { success: flag, message: text });

export const stats = answer("RenewalStats", {
  today: date,
  scheduled_today: integer,
  completed_today: integer,
  failed_today: integer,
  pending_today: integer,
  total_pending: integer,
  next_scheduled_time: clock,
  scheduler_enabled: flag,
});
export const trigger = {
  ...query({ days, max_calls: range(1, 100, { default: 20 }) }),
  ...answer("RenewalsTriggered", { success: flag, message: text, task_id: text, queued_count: integer }),
};
export const cleanup = {
  ...query({ days: range(7, 365, { default: 30 }) }),
  ...answer("RenewalsCleaned", { success: flag, deleted: integer }),
};

const call = object("RenewalCall", {
  id: text,
  ...whose,
  scheduled_call_id: text,
  room_name: { ...textOrNull, example: "insurance_call:+919123456789" },
  status,
  started_at: instant,
  ended_at: instant,
  duration_seconds: integerOrNull,
  outcome: textOrNull,
  notes: textOrNull,
  summary: textOrNull,
  transcript: textOrNull,
  renewal_agreed: flagOrNull,
  upgrade_agreed: flagOrNull,
  upgrade_to_policy_id: textOrNull,
  error_message: textOrNull,
  created_at: instant,
});
export const callList = { ...listQuery, ...list(call) };
export const callGet = { response: { 200: call } };
const order = { customer_policy_id: text, reason: text, notes: text };
export const initiate = { ...callGet, body: { type: ["object", "null"], properties: order } };
export const initiateOf = {
  ...callGet,
  body: object("CallInitiate", { customer_id: text, ...order }, ["customer_id"]),
};
export const batch = {
  ...query({ days, limit: range(1, 100, { default: 20 }) }),
  ...answer("CallBatch", {
    success: flag,
    task_id: text,
    reason: text,
    total: integer,
    queued_count: integer,
    calls: { type: "array", items: call },
  }),
};
export const statusSet = {
  ...callGet,
  body: object(
    "CallStatusEdit",
    { status: { type: "string", enum: statusWords }, duration_seconds: integer },
    ["status"],
  ),
};
export const summarize = {
  ...callGet,
  body: object("CallSummaryEdit", {
    outcome: text,
    notes: text,
    summary: text,
    transcript: text,
    customer_policy_id: { ...text, description: "Default: the policy that the call is about." },
    renewal_agreed: { ...flag, description: "Extends the policy by its months, once for the call." },
    upgrade_agreed: {
      ...flag,
      description: "Moves the customer to upgrade_to_policy_id, once for the call.",
    },
    upgrade_to_policy_id: text,
    duration_seconds: integer,
  }),
};

const customerParts = {
  name: text,
  phone,
  email: textOrNull,
  customer_code: textOrNull,
  age: integerOrNull,
  city: textOrNull,
  address: textOrNull,
};
const customer = object("RenewalCustomer", {
  id: text,
  ...customerParts,
  call_count: integer,
  last_call_date: instant,
  created_at: instant,
  updated_at: instant,
});
const pageQuery = {
  limit: range(1, 200, { default: 50 }),
  after: { ...text, description: "The id of the last one seen; the Link header names the next page." },
};
export const customerList = { ...query({ ...pageQuery, phone, customer_code: text }), ...list(customer) };
export const customerGet = { response: { 200: customer } };
export const customerCreate = {
  ...customerGet,
  body: object("RenewalCustomerCreate", customerParts, ["name", "phone"]),
};
export const customerEdit = { ...customerGet, body: object("RenewalCustomerEdit", customerParts) };

const policyParts = {
  policy_number: text,
  policy_name: text,
  policy_type: textOrNull,
  description: textOrNull,
  base_premium: numberOrNull,
  base_sum_assured: numberOrNull,
  duration_months: range(1, 1200, { default: 12 }),
};
const policy = object("InsurancePolicy", {
  id: text,
  ...policyParts,
  created_at: instant,
  updated_at: instant,
});
export const policyList = { ...query(pageQuery), ...list(policy) };
export const policyGet = { response: { 200: policy } };
export const policyCreate = {
  ...policyGet,
  body: object("InsurancePolicyCreate", policyParts, ["policy_number", "policy_name"]),
};
export const policyEdit = { ...policyGet, body: object("InsurancePolicyEdit", policyParts) };

const holdingParts = {
  policy_id: text,
  start_date: date,
  end_date: { ...date, description: "Default: the policy's months after start_date." },
  status: { type: "string", enum: holdingStatuses },
  premium_amount: numberOrNull,
  sum_assured: numberOrNull,
};
const holding = object("CustomerPolicy", {
  id: text,
  customer_id: text,
  policy_number: textOrNull,
  policy_name: textOrNull,
  ...holdingParts,
  days_to_expiry: integer,
  created_at: instant,
  updated_at: instant,
});
export const holdingList = list(holding);
export const holdingGet = { response: { 200: holding } };
export const holdingCreate = {
  ...holdingGet,
  body: object("CustomerPolicyCreate", holdingParts, ["policy_id"]),
};
export const holdingEdit = { ...holdingGet, body: object("CustomerPolicyEdit", holdingParts) };

export const importFile = {
  ...query({ preview: { ...flag, description: "Say what would happen, and write nothing." } }),
  consumes: ["text/csv"],
  ...answer("RenewalImport", {
    preview: flag,
    rows: integer,
    customers_created: integer,
    customers_updated: integer,
    policies_created: integer,
    customer_policies_created: integer,
    customer_policies_updated: integer,
    unchanged: integer,
    rejected: integer,
    rejected_rows: { type: "array", items: { type: "object", properties: { line: integer, reason: text } } },
    unused_columns: { type: "array", items: text },
  }),
};

const counts = {
  total_calls: integer,
  completed_calls: integer,
  failed_calls: integer,
  pending_calls: integer,
  cancelled_calls: integer,
};
export const analytics = {
  ...query({ days: range(1, 365, { default: 30 }) }),
  ...answer("RenewalAnalytics", {
    days: integer,
    from: date,
    to: date,
    ...counts,
    success_rate: number,
    renewals: integer,
    upgrades: integer,
    conversion_rate: number,
    upgrade_rate: number,
    outcomes: { type: "array", items: { type: "object", properties: { outcome: text, count: integer } } },
    daily: {
      type: "array",
      items: { type: "object", properties: { date, ...counts, renewals_agreed: integer } },
    },
  }),
};
