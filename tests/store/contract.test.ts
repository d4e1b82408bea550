import { openEmpty, storeNames } from "../support/stores.ts";
import { storeContract } from "./contract.ts";
import { agentsContract } from "./contract-agents.ts";
import { houseContract } from "./contract-house.ts";
import { liveContract } from "./contract-live.ts";
import { notificationsContract } from "./contract-notifications.ts";
import { seriesContract } from "./contract-series.ts";
import { timetableContract } from "./contract-timetable.ts";
import { webhookContract } from "./contract-webhooks.ts";
import { workContract } from "./contract-work.ts";

for (const name of storeNames) {
  storeContract(name, () => openEmpty(name), houseContract);
  storeContract(name, () => openEmpty(name), workContract);
  storeContract(name, () => openEmpty(name), webhookContract);
  storeContract(name, () => openEmpty(name), liveContract);
  storeContract(name, () => openEmpty(name), seriesContract);
  storeContract(name, () => openEmpty(name), agentsContract);
  storeContract(name, () => openEmpty(name), timetableContract);
  storeContract(name, () => openEmpty(name), notificationsContract);
}
