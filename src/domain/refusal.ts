/** Every error a caller can meet: HTTP status, what it means, and the cure. `docs/reference/errors.md` is compared with it. */
export const refusals = {
  malformed_json: {
    status: 400,
    title: "The body is not JSON",
    cure: "Send one JSON object, at most 32 levels deep, without duplicate keys.",
  },
  csv_invalid: {
    status: 400,
    title: "The CSV cannot be read as it is",
    cure: "Correct the columns or the row that are named, and send the file again.",
  },
  csv_empty: { status: 400, title: "The CSV is empty", cure: "Export it again with a line of column names." },
  csv_quote_open: {
    status: 400,
    title: "A quote in the CSV is never closed",
    cure: 'Close the quote, or write "" for a quote inside a quoted cell.',
  },
  invalid_parameter: {
    status: 400,
    title: "A query parameter is not valid",
    cure: "Correct the parameter that is named.",
  },
  invalid_cursor: {
    status: 400,
    title: "The cursor is not one of ours",
    cure: "Use next_cursor of the last page with the same filters, or start again without a cursor.",
  },
  unauthenticated: {
    status: 401,
    title: "No valid API key",
    cure: "Send Authorization: Bearer car_… with a key that has neither expired nor been revoked.",
  },
  forbidden: {
    status: 403,
    title: "The key may not do this",
    cure: "Use a key with the scope that is named.",
  },
  origin_forbidden: {
    status: 403,
    title: "The request came from a page of another origin",
    cure: "Call from a loopback origin, or create an API key and list the origin in CORS_ORIGINS.",
  },
  not_found: {
    status: 404,
    title: "There is no such thing",
    cure: "Check the id; ids of other workspaces are not found either.",
  },
  unknown_path: {
    status: 404,
    title: "There is no such path",
    cure: "See /docs or /openapi.json for the paths there are.",
  },
  method_not_allowed: {
    status: 405,
    title: "The path does not take this method",
    cure: "See /docs for the methods of the path.",
  },
  already_dialing: {
    status: 409,
    title: "Too late: the call is being dialed",
    cure: "Look at the attempt that is named; wait for its outcome.",
  },
  already_ended: { status: 409, title: "The call has ended", cure: "Schedule a new call." },
  job_running: {
    status: 409,
    title: "The job waits or runs already",
    cure: "Look at the run that is named, and ask again when it has ended.",
  },
  job_driven: {
    status: 409,
    title: "The job belongs to a setting of its program",
    cure: "Change the setting that is named; the timetable follows it.",
  },
  wrong_state: {
    status: 409,
    title: "The call's state does not allow this",
    cure: "Look at its status; the lifecycle page lists what each state allows.",
  },
  notification_state: {
    status: 409,
    title: "The notification's status does not allow this",
    cure: "Look at its status: what waits can be canceled, what failed or bounced can be sent again.",
  },
  dedupe_conflict: {
    status: 409,
    title: "A live call has the same dedupe_key",
    cure: 'Use the call that is named, or send on_duplicate: "return".',
  },
  name_taken: {
    status: 409,
    title: "The name is taken",
    cure: "Choose another name, or change the one there is.",
  },
  in_use: { status: 409, title: "It is still in use", cure: "Move or remove what uses it first." },
  subscriber_disabled: {
    status: 409,
    title: "The endpoint or handler is disabled",
    cure: 'Enable it first: PATCH it with {"status": "enabled"}.',
  },
  too_many_subscribers: {
    status: 409,
    title: "The workspace has as many of them as it may",
    cure: "Remove one that is not needed; there may be 50 endpoints and 50 handlers.",
  },
  channel_unavailable: {
    status: 409,
    title: "The channel is not set up on this server",
    cure: "Set what the detail names and start the server again.",
  },
  appointment_state: {
    status: 409,
    title: "The appointment's status does not allow this",
    cure: "Look at its status and at what the detail says it allows.",
  },
  slot_taken: {
    status: 409,
    title: "Whoever serves is taken at that time",
    cure: "Choose another time or another person, or move the appointment that is named.",
  },
  not_empty: {
    status: 409,
    title: "There are businesses already",
    cure: "Use an empty workspace, or ask for the example beside what is there.",
  },
  idempotency_in_progress: {
    status: 409,
    title: "A request with this Idempotency-Key is still running",
    cure: "Wait for its answer, then ask again with the same key.",
  },
  sandbox_only: {
    status: 409,
    title: "Only a server with nothing but sandbox lines can do this",
    cure: "Remove the real lines, or use a separate installation to test.",
  },
  precondition_failed: {
    status: 412,
    title: "It changed since it was read",
    cure: "Read it again and repeat the change with its new ETag.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    cure: "Bodies hold at most 256 KiB, bulk requests 4 MiB, bulk notifications 8 MiB; split it.",
  },
  unsupported_media_type: {
    status: 415,
    title: "The content type is not supported",
    cure: "Send Content-Type: application/json.",
  },
  invalid_body: { status: 422, title: "The body is not valid", cure: "Correct the fields that are named." },
  unknown_field: {
    status: 422,
    title: "The body has a field that is not known",
    cure: "Remove or correct the field that is named.",
  },
  reference_unknown: {
    status: 422,
    title: "Something that the body names does not exist",
    cure: "Send the id of one that exists in this workspace; erased clients exist no more.",
  },
  phone_invalid: {
    status: 422,
    title: "The number is not in E.164 form",
    cure: "Send + and the country code, digits only, such as +12125550100.",
  },
  time_in_past: {
    status: 422,
    title: "The time is in the past",
    cure: "Send a later time, or neither at nor in to call at once.",
  },
  time_invalid: {
    status: 422,
    title: "The time cannot be read",
    cure: "Send RFC 3339 with an offset, a local time with timezone, or in: 90s, 5m, 2h, 3d.",
  },
  time_too_far: {
    status: 422,
    title: "The time is too far ahead",
    cure: "Send a time within the next five years.",
  },
  timezone_required: {
    status: 422,
    title: "A local time needs its zone",
    cure: "Add timezone, or an offset to the time.",
  },
  timezone_unknown: {
    status: 422,
    title: "The time zone is not known",
    cure: "Send an IANA name such as America/New_York.",
  },
  local_time_skipped: {
    status: 422,
    title: "That local time does not exist on that day",
    cure: "Choose another time, or leave disambiguation at compatible.",
  },
  local_time_repeated: {
    status: 422,
    title: "That local time happens twice on that day",
    cure: "Add an offset, or set disambiguation to earlier or later.",
  },
  zone_needed: {
    status: 422,
    title: "The recipient's zone is not known",
    cure: "Calling hours apply and the number's prefix tells no zone: send timezone.",
  },
  never_open: {
    status: 422,
    title: "The calling hours never open",
    cure: "Change the hours that are named, or the zone.",
  },
  expires_too_early: {
    status: 422,
    title: "The call would expire before it may be placed",
    cure: "Send a later expires_at, or an earlier time.",
  },
  line_unknown: {
    status: 422,
    title: "There is no such line",
    cure: "Send the name or id of a line; GET /v1/lines lists them.",
  },
  line_needed: {
    status: 422,
    title: "It is not clear which line to use",
    cure: "Send line; the workspace has several and none is the default.",
  },
  agent_unknown: {
    status: 422,
    title: "There is no such agent",
    cure: "Send the id of an agent that is registered; GET /v1/agents lists them.",
  },
  not_live: {
    status: 422,
    title: "The number is not on the allow-list, and the workspace is in canary",
    cure: "Allow the number (carillon live allow NUMBER), or everybody: carillon live open --confirm WORKSPACE.",
  },
  destination_refused: {
    status: 422,
    title: "Lines that can ring people do not call this number",
    cure: "Check the number. carillon live status shows what is allowed; a number on the allow-list needs no allowed country or usual type.",
  },
  too_costly: {
    status: 422,
    title: "The call could cost more than one call of its line may",
    cure: "Raise the line's maximum per call, or lower its max_duration_seconds.",
  },
  confirm_needed: {
    status: 422,
    title: "Opening a workspace needs its name",
    cure: "Send confirm with the name of the workspace; GET /v1/live shows it.",
  },
  country_unknown: {
    status: 422,
    title: "There is no such country code",
    cure: "Send two letters (ISO 3166), such as GB.",
  },
  amount_invalid: {
    status: 422,
    title: "The amount cannot be read",
    cure: 'Send a decimal as text with at most six decimals, such as "0.0145".',
  },
  hours_unknown: {
    status: 422,
    title: "There are no such calling hours",
    cure: "Send the name or id of one; GET /v1/hours lists them.",
  },
  retry_policy_unknown: {
    status: 422,
    title: "There is no such retry policy",
    cure: "Send the name or id of one; GET /v1/retry-policies lists them.",
  },
  instructions_invalid: {
    status: 422,
    title: "The carrier cannot do what the call asks of it",
    cure: "Correct the field that is named; the how-to page of the line's carrier lists what a call may ask.",
  },
  script_invalid: {
    status: 422,
    title: "The sandbox script has an unknown word",
    cure: "See docs/reference/sandbox.md for the words.",
  },
  rule_invalid: {
    status: 422,
    title: "The rule of the series is not valid",
    cure: "Correct what is named; POST /v1/series/preview shows what a rule gives.",
  },
  carrier_unknown: { status: 422, title: "There is no such carrier", cure: "Use sandbox or http." },
  line_settings_invalid: {
    status: 422,
    title: "The line's settings are not valid",
    cure: "Correct the setting that is named.",
  },
  event_type_unknown: {
    status: 422,
    title: "There is no such event type",
    cure: "Send types such as call.completed, groups such as call.*, or *; docs/reference/events.md lists them.",
  },
  channel_unknown: {
    status: 422,
    title: "There is no such channel",
    cure: "Use webhook, email or log.",
  },
  target_invalid: {
    status: 422,
    title: "Messages cannot be sent there",
    cure: "Send a public https URL (for your own network also allow_private: true), or e-mail addresses.",
  },
  secret_invalid: {
    status: 422,
    title: "The signing secret is not valid",
    cure: "Send whsec_ and the base64 of 24 to 64 bytes, or no secret to get a new one.",
  },
  template_unknown: {
    status: 422,
    title: "There is no such template",
    cure: "Send the name of one; GET /v1/notification-templates lists them.",
  },
  template_invalid: {
    status: 422,
    title: "The template is not valid",
    cure: "Correct what is named: placeholders are written {{client_name}}, and variables lists exactly those that are used.",
  },
  variables_invalid: {
    status: 422,
    title: "The variables do not fit the template",
    cure: "Send a text or number for each variable of the template, and no others.",
  },
  address_invalid: {
    status: 422,
    title: "The address is none of the channel",
    cure: "Send an E.164 number for sms, an e-mail address for email, a device token for push.",
  },
  too_many_recipients: {
    status: 422,
    title: "Too many recipients",
    cure: "Send at most 100,000 recipients in one request.",
  },
  too_many_items: { status: 422, title: "Too many items", cure: "Send at most 1,000 items in one request." },
  idempotency_mismatch: {
    status: 422,
    title: "The Idempotency-Key was used with another request",
    cure: "Use a new key for a new request.",
  },
  idempotency_key_invalid: {
    status: 422,
    title: "The Idempotency-Key is not valid",
    cure: "Send 1 to 255 printable ASCII characters.",
  },
  rate_limited: {
    status: 429,
    title: "Too many requests",
    cure: "Wait for Retry-After, then go on more slowly.",
  },
  internal: {
    status: 500,
    title: "Something failed on our side",
    cure: "Ask again; if it stays, report the request id.",
  },
  store_unavailable: {
    status: 503,
    title: "The store cannot be used right now",
    cure: "Ask again after Retry-After; nothing was changed.",
  },
  store_full: {
    status: 503,
    title: "The disk is full",
    cure: "Free space on the disk; calls start again by themselves.",
  },
  shutting_down: { status: 503, title: "The server is shutting down", cure: "Ask again after Retry-After." },
} as const satisfies Record<string, { status: number; title: string; cure: string }>;

export type RefusalCode = keyof typeof refusals;

/** One fault in a request, at a JSON pointer. */
export type Fault = { readonly pointer: string; readonly code: RefusalCode; readonly detail: string };

/** What a verb throws when it cannot do what was asked; nothing has changed then. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly faults: readonly Fault[];
  /** Ids and counts that help the caller, such as the attempt that was faster. */
  readonly extra: Readonly<Record<string, string | number>>;

  constructor(
    code: RefusalCode,
    detail: string,
    options: {
      faults?: readonly Fault[];
      extra?: Readonly<Record<string, string | number>>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Refusal";
    this.code = code;
    this.faults = options.faults ?? [];
    this.extra = options.extra ?? {};
  }

  get status(): number {
    return refusals[this.code].status;
  }
}

/** A refusal about one field. */
export function refuseField(code: RefusalCode, pointer: string, detail: string): Refusal {
  return new Refusal(code, detail, { faults: [{ pointer, code, detail }] });
}
