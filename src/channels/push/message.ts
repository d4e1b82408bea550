import type { Letter } from "../../ports/messenger.ts";

/** Four weeks: FCM keeps no message longer (s). */
const LIFE_MAX_SECONDS = 2_419_200;

/**
 * A letter as FCM's `Message` (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages). The id is the
 * same at each try: on a device the later copy of a message takes the place of the earlier one. `now` is that of
 * `expiresAt`, `realNow` the machine's own (both UTC ms).
 */
export function messageOf(letter: Letter, now: number, realNow: number): object {
  const { id, address, subject, body, data, event, expiresAt } = letter;
  const seconds = Math.min(Math.max(Math.floor((expiresAt - now) / 1000), 1), LIFE_MAX_SECONDS);
  return {
    token: address,
    notification: { ...(subject !== null && { title: subject }), body },
    data: { event, notification_id: id.split(".", 1).join(""), ...data },
    android: { priority: "HIGH", ttl: `${seconds}s`, notification: { tag: id } },
    apns: {
      headers: {
        "apns-priority": "10",
        "apns-expiration": String(Math.floor(realNow / 1000) + seconds),
        "apns-collapse-id": id,
      },
      payload: { aps: { sound: "default" } },
    },
    webpush: { headers: { TTL: String(seconds), Urgency: "high" }, notification: { tag: id } },
  };
}
