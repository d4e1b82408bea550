/** Ids are positive integers inside; brands keep one kind from being passed as another. */
declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]?: Name };

export type WorkspaceId = Branded<"workspace">;
export type CallId = Branded<"call">;
export type AttemptId = Branded<"attempt">;
export type LineId = Branded<"line">;
export type LaneId = Branded<"lane">;

/** Far beyond every date: "never closes", "never expires". The last instant that a JavaScript date can hold. */
export const forever = 8_640_000_000_000_000;

/** The prefixes of public ids. */
export const idPrefixes = {
  call: "call",
  attempt: "att",
  line: "line",
  hours: "hrs",
  retry_policy: "rtp",
  suppression: "sup",
  event: "evt",
  live_number: "num",
  key: "key",
  webhook_endpoint: "whe",
  notification_handler: "nth",
  delivery: "dlv",
  series: "ser",
  agent: "agt",
  erasure: "era",
  notification: "ntf",
  template: "tpl",
  recipient: "rcp",
  device: "dev",
  operation: "op",
  job_run: "run",
  worker: "wrk",
  customer: "cus",
  policy: "pol",
  customer_policy: "cpo",
  scheduled_call: "sch",
  client: "cli",
  business: "biz",
  service: "svc",
  appointment: "apt",
  review: "rev",
  chat_room: "cht",
} as const;
export type IdKind = keyof typeof idPrefixes;
