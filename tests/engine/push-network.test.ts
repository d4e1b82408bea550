import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";

import { openMessenger } from "../channels/messenger-contract.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { FcmStandIn, fcmFault } from "../support/fcm-stand-in.ts";
import { keptMessengers } from "../support/kept-messenger.ts";
import { type OpenHouse, openHouse } from "../support/open-house.ts";

type Shown = {
  readonly id: string;
  readonly status: string;
  readonly targets: readonly { readonly status: string }[];
};

test(
  "each device of a person is pushed to once, and one that FCM does not know any more is forgotten",
  { timeout: 60_000 },
  async () => {
    await withHouse(async ({ house, standIn }) => {
      for (const token of ["old-phone", "phone", "tablet"]) await register(house, token);
      standIn.next = ({ token }) =>
        token === "old-phone" ? { answer: fcmFault(404, "UNREGISTERED") } : "takes";
      const shown = await told(house);
      assert.equal(shown.status, "sent");
      assert.deepEqual(shown.targets.map(({ status }) => status).sort(), ["failed", "sent", "sent"]);
      assert.deepEqual(standIn.taken.map(({ token }) => token).sort(), ["phone", "tablet"]);
      for (const { data } of standIn.taken) assert.equal(data["notification_id"], shown.id);
      assert.equal(standIn.posts, 3);
      const left = (await house.ask("GET", "/v1/devices?recipient_id=ann")).json<{ data: object[] }>();
      assert.equal(left.data.length, 2);
    });
  },
);

test(
  "a token of another project is kept: the key file may be the wrong one",
  { timeout: 60_000 },
  async () => {
    await withHouse(async ({ house, standIn }) => {
      await register(house, "phone");
      standIn.next = { answer: fcmFault(403, "SENDER_ID_MISMATCH") };
      assert.equal((await told(house)).status, "failed");
      const left = (await house.ask("GET", "/v1/devices?recipient_id=ann")).json<{ data: object[] }>();
      assert.equal(left.data.length, 1);
    });
  },
);

async function register({ ask }: OpenHouse, token: string): Promise<void> {
  const answer = await ask("POST", "/v1/devices", { recipient_id: "ann", token });
  assert.ok(answer.statusCode < 300, answer.body);
}

/** Tells the person, and waits for the network, which no clock of a test moves. */
async function told({ ask, drain }: OpenHouse): Promise<Shown> {
  const created = await ask("POST", "/v1/notifications", {
    channel: "push",
    event: "news",
    body: "We have moved.",
    recipient_id: "ann",
  });
  assert.equal(created.statusCode, 201, created.body);
  const { id } = created.json<Shown>();
  for (;;) {
    await turn();
    await drain();
    const shown = (await ask("GET", `/v1/notifications/${id}`)).json<Shown>();
    if (shown.status !== "pending" && shown.status !== "sending") return shown;
  }
}

async function withHouse(
  run: (open: { readonly house: OpenHouse; readonly standIn: FcmStandIn }) => Promise<void>,
): Promise<void> {
  const standIn = await new FcmStandIn({ now: () => FAKE_START }).listen();
  const { messenger } = await openMessenger("push", { firebase: standIn.account });
  try {
    await run({ house: await openHouse({ messengers: { ...keptMessengers(), push: messenger } }), standIn });
    assert.deepEqual(standIn.faults, []);
  } finally {
    await standIn.close();
  }
}
