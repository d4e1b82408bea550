import { parsePhone, phoneFault } from "../../domain/phone.ts";

import {
  type Field,
  amount,
  date,
  fault,
  flag,
  integer,
  optional,
  required,
  text,
  timeOfDay,
  word,
} from "./form.ts";
import { renewalStatuses } from "./status.ts";
import { statusWords } from "./summary.ts";
import { holdingStatuses } from "./tables.ts";

/** The members of every body and query of the service, each with its limits. */
const id = text(100);
const days = integer(1, 365);

export const settingsFields = {
  enabled: flag(),
  daily_call_time: timeOfDay(),
  days_before_expiry: days,
  max_calls_per_day: integer(1, 10_000),
  max_concurrent_calls: integer(1, 1000),
  retry_failed_after_hours: integer(1, 720),
  max_retries_per_customer: integer(0, 10),
  skip_if_called_within_days: integer(0, 365),
};

export const pendingFields = { days, limit: integer(1, 200) };
export const triggerFields = { days, max_calls: integer(1, 100) };
export const batchFields = { days, limit: integer(1, 100) };
export const cleanupFields = { days: integer(7, 365) };
export const analyticsFields = { days };

export const scheduleFields = {
  customer_id: required(id),
  scheduled_date: required(date()),
  scheduled_time: timeOfDay(),
  customer_policy_id: id,
  reason: text(100),
  priority: integer(-1000, 1000),
  notes: text(2000, 0),
};

export const listFields = {
  scheduled_date: date(),
  status: word([...renewalStatuses, "canceled"]),
  customer_id: id,
  limit: integer(1, 1_000_000),
};

export const initiateFields = { customer_policy_id: id, reason: text(100), notes: text(2000, 0) };
export const initiateBodyFields = { customer_id: required(id), ...initiateFields };

export const statusFields = { status: required(word(statusWords)), duration_seconds: integer(0, 86_400) };

export const summaryFields = {
  outcome: text(100, 0),
  notes: text(10_000, 0),
  summary: text(20_000, 0),
  transcript: text(200_000, 0),
  customer_policy_id: id,
  renewal_agreed: flag(),
  upgrade_agreed: flag(),
  upgrade_to_policy_id: id,
  duration_seconds: integer(0, 86_400),
};

const phone: Field<string> = optional((value) => {
  const parsed = parsePhone(typeof value === "string" ? value.trim() : value);
  return parsed.ok ? { value: parsed.e164 } : fault("value_error", phoneFault(parsed));
});
const email: Field<string> = optional((value) =>
  typeof value === "string" && value.length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)
    ? { value }
    : fault("value_error", "Input should be an e-mail address"),
);

export const customerFields = {
  name: text(200),
  phone,
  email,
  customer_code: text(100),
  age: integer(0, 150),
  city: text(200, 0),
  address: text(500, 0),
};
export const newCustomerFields = { ...customerFields, name: required(text(200)), phone: required(phone) };

export const policyFields = {
  policy_number: text(100),
  policy_name: text(200),
  policy_type: text(100),
  description: text(2000, 0),
  base_premium: amount(),
  base_sum_assured: amount(),
  duration_months: integer(1, 1200),
};
export const newPolicyFields = {
  ...policyFields,
  policy_number: required(text(100)),
  policy_name: required(text(200)),
};

export const holdingFields = {
  policy_id: id,
  start_date: date(),
  end_date: date(),
  status: word(holdingStatuses),
  premium_amount: amount(),
  sum_assured: amount(),
};
export const newHoldingFields = { ...holdingFields, policy_id: required(id) };

export const pageFields = { limit: integer(1, 200), after: id, phone: text(64), customer_code: text(100) };
export const importFields = { preview: flag() };
