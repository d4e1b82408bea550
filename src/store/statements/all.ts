import type { Statements } from "../../ports/statements.ts";
import type { Dialect } from "../dialect.ts";
import { StatementMaker } from "../statement.ts";
import { agentStatements } from "./agents.ts";
import { attemptStatements } from "./attempts.ts";
import { callStatements } from "./calls.ts";
import { houseStatements, policyStatements } from "./config.ts";
import { erasureStatements } from "./erasures.ts";
import { liveStatements } from "./live.ts";
import { notificationStatements } from "./notifications.ts";
import { operationStatements } from "./operations.ts";
import { peopleStatements } from "./people.ts";
import { recipientStatements } from "./recipients.ts";
import { scheduleStatements } from "./schedules.ts";
import { programStatements } from "./programs.ts";
import { queueStatements } from "./queues.ts";
import { seriesStatements } from "./series.ts";
import { timetableStatements } from "./timetable.ts";
import { webhookStatements } from "./webhooks.ts";

/** Every statement of a dialect, compiled once. */
export function statementsFor(dialect: Dialect): Statements {
  const make = new StatementMaker(dialect);
  return {
    ...houseStatements(make),
    ...policyStatements(make),
    ...callStatements(make),
    ...attemptStatements(make),
    ...peopleStatements(make),
    ...agentStatements(make),
    ...queueStatements(make),
    ...seriesStatements(make),
    ...scheduleStatements(make),
    ...webhookStatements(make),
    ...liveStatements(make),
    ...timetableStatements(make),
    ...notificationStatements(make),
    ...recipientStatements(make),
    ...operationStatements(make),
    ...programStatements(make),
    ...erasureStatements(make),
  };
}
