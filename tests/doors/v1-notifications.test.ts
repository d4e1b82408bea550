import assert from "node:assert/strict";
import { test } from "node:test";

import { keptMessengers } from "../support/kept-messenger.ts";
import { type OpenHouse, openHouse } from "../support/open-house.ts";

const hour = 3_600_000;
const words = { channel: "email", event: "announcement", body: "We have moved." } as const;

async function open() {
  const messengers = keptMessengers();
  return { ...(await openHouse({ messengers })), messengers };
}

/** The code of a refusal and the field that it names. */
async function refused(
  { ask }: Pick<OpenHouse, "ask">,
  url: string,
  body: unknown,
): Promise<[number, string, string | undefined]> {
  const answer = await ask("POST", url, body);
  const { code, errors } = answer.json<{ code: string; errors?: { pointer: string }[] }>();
  return [answer.statusCode, code, errors?.[0]?.pointer];
}

test("a notification is created, looked at, canceled with its ETag, and listed by its filters", async () => {
  const { ask, clock } = await open();
  const created = await ask("POST", "/v1/notifications", {
    ...words,
    address: "ann@example.com",
    subject: "News",
    at: "2026-12-01T18:00:00",
    timezone: "America/New_York",
    quiet_hours: { from: "22:00", to: "08:00" },
    dedupe_key: "move",
  });
  assert.equal(created.statusCode, 201, created.body);
  const made = created.json();
  assert.equal(created.headers["location"], `/v1/notifications/${made.id}`);
  assert.equal(created.headers["etag"], '"1"');
  assert.deepEqual(
    [made.status, made.at, made.expires_at, made.next_try_at, made.queue, made.max_retries, made.quiet_hours],
    [
      "pending",
      "2026-12-01T23:00:00Z",
      "2026-12-02T23:00:00Z",
      "2026-12-01T23:00:00Z",
      "notifications",
      3,
      { timezone: "America/New_York", from: "22:00", to: "08:00" },
    ],
  );
  const again = await ask("POST", "/v1/notifications", {
    ...words,
    address: "ann@example.com",
    dedupe_key: "move",
  });
  assert.deepEqual([again.statusCode, again.json().id], [200, made.id]);

  const other = (
    await ask("POST", "/v1/notifications", {
      notification_type: "push",
      event: "news",
      body: "x",
      recipient_id: "uid_1",
      in: "2h",
    })
  ).json();
  assert.equal(other.channel, "push");
  const ids = async (query: string): Promise<string[]> =>
    (await ask("GET", `/v1/notifications?${query}`)).json().data.map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids(""), [other.id, made.id]);
  assert.deepEqual(await ids("channel=email"), [made.id]);
  assert.deepEqual(await ids("event=news"), [other.id]);
  assert.deepEqual(await ids("recipient_id=uid_1"), [other.id]);
  assert.deepEqual(await ids("status=sent,failed"), []);
  assert.deepEqual(await ids("status=pending,failed"), [other.id, made.id]);
  assert.deepEqual(await ids("created_after=2026-12-02T00:00:00Z"), []);
  const page = (await ask("GET", "/v1/notifications?limit=1")).json();
  assert.deepEqual([page.data[0].id, page.has_more], [other.id, true]);
  const rest = (await ask("GET", `/v1/notifications?limit=1&cursor=${page.next_cursor}`)).json();
  assert.deepEqual([rest.data[0].id, rest.has_more], [made.id, false]);

  const stale = await ask("POST", `/v1/notifications/${made.id}/cancel`, undefined, { "if-match": '"7"' });
  assert.equal(stale.statusCode, 412);
  const canceled = await ask("POST", `/v1/notifications/${made.id}/cancel`, undefined, { "if-match": '"1"' });
  assert.deepEqual([canceled.json().status, canceled.json().version], ["canceled", 2]);
  assert.equal((await ask("POST", `/v1/notifications/${made.id}/cancel`)).json().version, 2);
  const late = await ask("POST", `/v1/notifications/${made.id}/retry`);
  assert.deepEqual([late.statusCode, late.json().code], [409, "notification_state"]);
  assert.equal((await ask("GET", "/v1/notifications/ntf_nothing")).statusCode, 404);
  assert.equal(clock.now(), Date.parse("2026-12-01T15:00:00Z"));
});

test("it is sent, and a receipt of the app makes it delivered", async () => {
  const { ask, messengers, advance } = await open();
  const { id } = (await ask("POST", "/v1/notifications", { ...words, address: "ann@example.com" })).json();
  await advance(0);
  const sent = (await ask("GET", `/v1/notifications/${id}`)).json();
  assert.deepEqual(
    [sent.status, sent.sent_at, sent.provider, sent.targets],
    [
      "sent",
      "2026-12-01T15:00:00Z",
      "kept",
      [{ device_id: null, status: "sent", reference: `ref-${id}`, code: null }],
    ],
  );
  assert.equal(messengers.email.letters.length, 1);
  const told = await ask("POST", `/v1/notifications/${id}/receipt`, { status: "delivered" });
  assert.deepEqual([told.json().status, told.json().delivered_at], ["delivered", "2026-12-01T15:00:00Z"]);
});

test("an Idempotency-Key makes one notification, however often it is sent", async () => {
  const house = await open();
  const key = { "idempotency-key": "one" };
  const body = { ...words, address: "ann@example.com" };
  const first = await house.ask("POST", "/v1/notifications", body, key);
  const second = await house.ask("POST", "/v1/notifications", body, key);
  assert.deepEqual(
    [second.statusCode, second.json().id, second.headers["idempotent-replayed"]],
    [201, first.json().id, "true"],
  );
  const other = await house.ask("POST", "/v1/notifications", { ...body, body: "Else." }, key);
  assert.deepEqual([other.statusCode, other.json().code], [422, "idempotency_mismatch"]);
  const found = await house.engine.listNotifications(house.actor, {}, { limit: 10 });
  assert.equal(found.data.length, 1);
});

test("what is wrong is refused with its field, and changes nothing", async () => {
  const house = await open();
  const cases: readonly [object, string, string][] = [
    [{ ...words }, "invalid_body", "/recipient_id"],
    [{ ...words, channel: undefined, recipient_id: "a" }, "invalid_body", "/channel"],
    [{ ...words, notification_type: "sms", recipient_id: "a" }, "invalid_body", "/notification_type"],
    [{ ...words, address: "no address" }, "address_invalid", "/address"],
    [{ ...words, channel: "sms", address: "0170 123" }, "address_invalid", "/address"],
    [{ ...words, event: "no event!", recipient_id: "a" }, "invalid_body", "/event"],
    [{ ...words, body: undefined, recipient_id: "a" }, "invalid_body", "/body"],
    [{ ...words, body: "\u0007 ", recipient_id: "a" }, "invalid_body", "/body"],
    [{ ...words, body: undefined, template: "none", recipient_id: "a" }, "template_unknown", "/template"],
    [{ ...words, variables: { a: 1 }, recipient_id: "a" }, "variables_invalid", "/variables"],
    [{ ...words, at: "2026-12-01T18:00:00", recipient_id: "a" }, "timezone_required", "/at"],
    [{ ...words, at: "2025-12-01T18:00:00Z", recipient_id: "a" }, "time_in_past", "/at"],
    [{ ...words, expires_at: "2025-12-01T18:00:00Z", recipient_id: "a" }, "time_in_past", "/expires_at"],
    [
      { ...words, in: "2h", expires_at: "2026-12-01T16:00:00Z", recipient_id: "a" },
      "time_invalid",
      "/expires_at",
    ],
    [
      { ...words, quiet_hours: { from: "22:00", to: "08:00" }, recipient_id: "a" },
      "timezone_required",
      "/quiet_hours/timezone",
    ],
    [
      { ...words, timezone: "UTC", quiet_hours: { from: "22:00", to: "22:00" }, recipient_id: "a" },
      "invalid_body",
      "/quiet_hours/to",
    ],
    [{ ...words, channel: "sms", body: "x".repeat(1601), recipient_id: "a" }, "invalid_body", "/body"],
    [{ ...words, channel: "push", body: "ü".repeat(2000), recipient_id: "a" }, "invalid_body", "/body"],
  ];
  for (const [body, code, pointer] of cases)
    assert.deepEqual(
      await refused(house, "/v1/notifications", body),
      [422, code, pointer],
      JSON.stringify(body).slice(0, 200),
    );
  assert.equal((await house.ask("GET", "/v1/notifications")).json().data.length, 0);
});

test("templates are stored, checked, changed and used", async () => {
  const house = await open();
  const { ask, messengers, advance } = house;
  const created = await ask("POST", "/v1/notification-templates", {
    name: "reminder",
    subject: "Tomorrow, {{client_name}}",
    body: "We see you at {{ time }}.",
    variables: ["client_name", "time"],
  });
  assert.equal(created.statusCode, 201, created.body);
  assert.deepEqual(created.json().variables, ["client_name", "time"]);
  assert.deepEqual(await refused(house, "/v1/notification-templates", { name: "reminder", body: "x" }), [
    409,
    "name_taken",
    "/name",
  ]);
  assert.deepEqual(
    await refused(house, "/v1/notification-templates", {
      name: "wrong",
      body: "Hello {{client_nmae}}",
      variables: ["client_name"],
    }),
    [422, "template_invalid", "/variables"],
  );
  const use = { channel: "email", event: "x", address: "ann@example.com", template: "reminder" };
  assert.deepEqual(await refused(house, "/v1/notifications", { ...use, variables: { time: "10:00" } }), [
    422,
    "variables_invalid",
    "/variables/client_name",
  ]);
  const values = { client_name: "<b>Ann</b>\r\nBcc: x@example.com {{time}}", time: "10:00" };
  assert.equal((await ask("POST", "/v1/notifications", { ...use, variables: values })).statusCode, 201);
  await advance(0);
  assert.deepEqual(
    messengers.email.letters.map(({ subject, body }) => [subject, body]),
    [["Tomorrow, <b>Ann</b> Bcc: x@example.com {{time}}", "We see you at 10:00."]],
  );
  const changed = await ask(
    "PATCH",
    "/v1/notification-templates/reminder",
    { subject: null, body: "At {{time}}." },
    { "if-match": '"1"' },
  );
  assert.deepEqual(
    [changed.json().subject, changed.json().variables, changed.json().version],
    [null, ["time"], 2],
  );
  assert.equal((await ask("GET", `/v1/notification-templates/${created.json().id}`)).json().name, "reminder");
  assert.equal((await ask("DELETE", "/v1/notification-templates/reminder")).statusCode, 204);
  assert.equal((await ask("GET", "/v1/notification-templates/reminder")).statusCode, 404);
  assert.equal((await ask("GET", "/v1/notification-templates")).json().data.length, 0);
});

test("a device belongs to whoever registered it last, and its token is not shown", async () => {
  const { ask } = await open();
  const token = "a-long-token-of-a-device-123456";
  const first = await ask("POST", "/v1/devices", { recipient_id: "uid_1", token, platform: "ios" });
  assert.equal(first.statusCode, 201, first.body);
  assert.ok(!first.body.includes(token));
  assert.equal(first.json().token_end, "…123456");
  const moved = await ask("POST", "/v1/devices", { recipient_id: "uid_2", token });
  assert.deepEqual(
    [moved.statusCode, moved.json().id, moved.json().recipient_id, moved.json().platform],
    [200, first.json().id, "uid_2", "ios"],
  );
  assert.equal((await ask("GET", "/v1/devices?recipient_id=uid_1")).json().data.length, 0);
  for (let index = 0; index < 21; index += 1)
    await ask("POST", "/v1/devices", { recipient_id: "uid_2", token: `token-number-${index}` });
  const kept = (await ask("GET", "/v1/devices?recipient_id=uid_2&limit=100")).json().data;
  assert.equal(kept.length, 20, "the latest ones");
  assert.ok(!kept.some(({ id }: { id: string }) => id === first.json().id));
  assert.equal((await ask("DELETE", `/v1/devices/${kept[0].id}`)).statusCode, 204);
  assert.equal((await ask("DELETE", `/v1/devices/${kept[0].id}`)).statusCode, 404);
});

test("a recipient is written down, changed field by field, and forgotten with its devices", async () => {
  const house = await open();
  const { ask } = house;
  const created = await ask("POST", "/v1/recipients", {
    id: "uid/1",
    email: "ann@example.com",
    phone: "+12125550100",
    timezone: "America/New_York",
    quiet_hours: { from: "22:00", to: "08:00" },
  });
  assert.equal(created.statusCode, 201, created.body);
  assert.equal(created.json().phone, "+12125550100");
  assert.deepEqual(await refused(house, "/v1/recipients", { id: "a", timezone: "Mars/Base" }), [
    422,
    "timezone_unknown",
    "/timezone",
  ]);
  assert.deepEqual(
    await refused(house, "/v1/recipients", { id: "a", quiet_hours: { from: "22:00", to: "08:00" } }),
    [422, "timezone_required", "/timezone"],
  );
  const url = `/v1/recipients/${encodeURIComponent("uid/1")}`;
  const changed = await ask("PATCH", url, { phone: null }, { "if-match": '"1"' });
  assert.deepEqual(
    [changed.json().phone, changed.json().email, changed.json().version],
    [null, "ann@example.com", 2],
  );
  assert.equal((await ask("PATCH", url, { phone: null }, { "if-match": '"1"' })).statusCode, 412);
  assert.equal((await ask("PATCH", "/v1/recipients/nobody", { phone: null })).statusCode, 404);
  await ask("POST", "/v1/devices", { recipient_id: "uid/1", token: "token-1" });
  assert.equal((await ask("GET", "/v1/recipients")).json().data[0].devices, 1);
  assert.equal((await ask("DELETE", url)).statusCode, 204);
  assert.equal((await ask("GET", "/v1/devices")).json().data.length, 0);
});

test("a bulk is accepted as an operation with progress, and canceled where it is not told yet", async () => {
  const { ask, messengers, advance } = await open();
  for (const id of ["a", "b", "c"]) await ask("POST", "/v1/recipients", { id, email: `${id}@example.com` });
  const accepted = await ask("POST", "/v1/notifications/bulk", {
    notification_type: "email",
    event: "announcement",
    subject: "New",
    body: "New feature available!",
    recipient_ids: ["a", "b", "c", "a"],
  });
  assert.equal(accepted.statusCode, 202, accepted.body);
  const { id, total } = accepted.json();
  assert.equal(total, 3);
  await advance(0);
  const done = (await ask("GET", `/v1/operations/${id}`)).json();
  assert.deepEqual([done.status, done.done, done.failed, done.notifications.sent], ["completed", 3, 0, 3]);
  assert.deepEqual(messengers.email.addresses.toSorted(), [
    "a@example.com",
    "b@example.com",
    "c@example.com",
  ]);
  assert.equal((await ask("GET", `/v1/notifications?operation_id=${id}`)).json().data.length, 3);

  const later = await ask("POST", "/v1/notifications/bulk", {
    ...words,
    in: "2h",
    recipient_ids: ["a", "b"],
  });
  await advance(0);
  const stopped = await ask("POST", `/v1/operations/${later.json().id}/cancel`);
  assert.equal(stopped.statusCode, 202);
  await advance(3 * hour);
  const after = (await ask("GET", `/v1/operations/${later.json().id}`)).json();
  assert.deepEqual([after.status, after.notifications.canceled], ["canceled", 2]);
  assert.equal(messengers.email.letters.length, 3);
});

test("a bulk of too many, or of none, is refused", async () => {
  const house = await open();
  const ids = Array.from({ length: 100_001 }, (_none, index) => `uid_${index}`);
  assert.deepEqual(await refused(house, "/v1/notifications/bulk", { ...words, recipient_ids: ids }), [
    422,
    "too_many_recipients",
    "/recipient_ids",
  ]);
  assert.equal((await refused(house, "/v1/notifications/bulk", { ...words, recipient_ids: [] }))[0], 422);
  assert.deepEqual(await refused(house, "/v1/notifications/bulk", { ...words, recipient_ids: ["a", ""] }), [
    422,
    "invalid_body",
    "/recipient_ids/1",
  ]);
});

test("a bulk of 100,000 fits into one request, and one beyond 8 MiB does not", async () => {
  const { ask } = await open();
  const ids = Array.from({ length: 100_000 }, (_none, index) => `firebase-uid-0123456789-${index}`);
  const accepted = await ask("POST", "/v1/notifications/bulk", { ...words, in: "2h", recipient_ids: ids });
  assert.equal(accepted.statusCode, 202, accepted.body.slice(0, 300));
  assert.equal(accepted.json().total, 100_000);
  const done = (await ask("GET", `/v1/operations/${accepted.json().id}`)).json();
  assert.deepEqual([done.status, done.done, done.notifications.pending], ["completed", 100_000, 100_000]);
  const long = ids.map((id) => id.padEnd(100, "x"));
  const large = await ask("POST", "/v1/notifications/bulk", { ...words, recipient_ids: long });
  assert.deepEqual([large.statusCode, large.json().code], [413, "body_too_large"]);
});
