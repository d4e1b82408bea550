import type { AddCommand } from "./action.ts";
import { addAgents } from "./agents.ts";
import { addAppointments } from "./appointments.ts";
import { addBackup } from "./backup.ts";
import { addCall } from "./call.ts";
import { addCalls } from "./calls.ts";
import { addDescribe } from "./describe.ts";
import { addDemo } from "./demo.ts";
import { addDialing } from "./dialing.ts";
import { addDevices } from "./devices.ts";
import { addDoctor } from "./doctor.ts";
import { addEvents } from "./events.ts";
import { addHours } from "./hours.ts";
import { addImport } from "./import.ts";
import { addKeys } from "./keys.ts";
import { addLines } from "./lines.ts";
import { addLive } from "./live.ts";
import { addManage } from "./manage.ts";
import { addMigrate } from "./migrate.ts";
import { addNotifications } from "./notifications.ts";
import { addPeople } from "./people.ts";
import { addQueues } from "./queues.ts";
import { addRenewals } from "./renewals.ts";
import { addSandbox } from "./sandbox.ts";
import { addSeries } from "./series.ts";
import { addServe } from "./serve.ts";
import { addStats } from "./stats.ts";
import { addSuppressions } from "./suppressions.ts";
import { addTemplates } from "./templates.ts";
import { addTimetable } from "./timetable.ts";
import { addWebhooks } from "./webhooks.ts";
import { addWorker } from "./worker.ts";
import { addWorkers } from "./workers.ts";

/** Every command, in the order in which help shows them. */
export const commands: readonly AddCommand[] = [
  addDemo,
  addServe,
  addWorker,
  addCall,
  addCalls,
  addSeries,
  addImport,
  addAgents,
  addLines,
  addLive,
  addHours,
  addSuppressions,
  addPeople,
  addWebhooks,
  addNotifications,
  addTemplates,
  addDevices,
  addKeys,
  addDialing,
  addQueues,
  addRenewals,
  addAppointments,
  addTimetable,
  addWorkers,
  addStats,
  addEvents,
  addDoctor,
  addMigrate,
  addManage,
  addBackup,
  addSandbox,
  addDescribe,
];
