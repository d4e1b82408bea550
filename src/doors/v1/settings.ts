import { formatDuration } from "../../domain/duration.ts";
import { refuseField } from "../../domain/refusal.ts";
import { parseDuration } from "../../domain/zone.ts";
import type { WorkspaceSettings } from "../../engine/config-api.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { type Checked, actorOf } from "../../ports/http/requests.ts";
import type { SettingsJson, SettingsPatch } from "./schemas.ts";

/** The handlers of `/v1/settings`. */
export function settingsHandlers({ engine }: DoorPorts<Engine>) {
  return {
    get: async (request: Checked) => render(await engine.getSettings(actorOf(request))),
    update: async (request: Checked<SettingsPatch>) =>
      render(await engine.updateSettings(actorOf(request), readPatch(request.body))),
  };
}

function readPatch({ number_caps: caps, ...rest }: SettingsPatch): Partial<WorkspaceSettings> {
  if (caps === undefined) return rest;
  return {
    ...rest,
    number_caps: caps.map(({ max, window }, i) => {
      const windowMs = parseDuration(window);
      if (windowMs === undefined || windowMs === 0)
        throw refuseField("time_invalid", `/number_caps/${i}/window`, "window must be a duration such as 1d");
      return { max, windowMs };
    }),
  };
}

function render(settings: WorkspaceSettings): SettingsJson {
  return {
    default_line: settings.default_line,
    default_hours: settings.default_hours,
    default_retry_policy: settings.default_retry_policy,
    default_expires_after: inShort(settings.default_expires_after),
    number_caps: settings.number_caps.map(({ max, windowMs }) => ({ max, window: formatDuration(windowMs) })),
  };
}

/** "3600s" as "1h". */
function inShort(duration: string): string {
  const ms = parseDuration(duration);
  return ms === undefined ? duration : formatDuration(ms);
}
