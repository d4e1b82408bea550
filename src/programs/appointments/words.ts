import { dayOfMs, civilFromDays, pad2, weekdayOf } from "../../domain/civil.ts";
import { type ZoneRules, formatLocal, formatUtc, offsetAt } from "../../domain/zone.ts";

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = ["January", "February", "March", "April", "May", "June", "July"].concat([
  "August",
  "September",
  "October",
  "November",
  "December",
]);

/** What a message is about. */
export type Subject = {
  readonly client: string;
  readonly business: string;
  readonly service: string | null;
  readonly zone: ZoneRules;
  readonly startsAt: number;
  readonly code: string;
  /** It was agreed upon before, at another time. */
  readonly isMoved: boolean;
};

export type Words = { readonly subject: string; readonly body: string };

/** What a client is told, in the business's local time. */
export function wordsOf(kind: string, about: Subject): Words {
  const { business, code } = about;
  const what = `${about.service ?? "your appointment"} at ${business}`;
  const when = whenOf(about.zone, about.startsAt);
  const named = about.client === "" ? "" : `${about.client}, `;
  switch (kind) {
    case "requested":
      return {
        subject: `${business}: request received`,
        body: `${named}we have your request for ${what} on ${when}. We will tell you when it is confirmed. Code ${code}.`,
      };
    case "confirmation":
      return about.isMoved
        ? {
            subject: `${business}: new time`,
            body: `${named}${what} is now on ${when}. Code ${code}.`,
          }
        : {
            subject: `${business}: confirmed`,
            body: `${named}${what} is confirmed for ${when}. Code ${code}.`,
          };
    case "missed":
      return {
        subject: `${business}: we missed you`,
        body: `${named}you did not come to ${what} on ${when}. Would you like a new time?`,
      };
    case "review_request":
      return {
        subject: `${business}: how was it?`,
        body: `${named}thank you for coming to ${business}. How was it? Please leave a review.`,
      };
    case "review_reminder":
      return {
        subject: `${business}: your review`,
        body: `${named}you were at ${business} on ${when}. Your review would help others.`,
      };
    default:
      return {
        subject: `${business}: reminder`,
        body: `${named}a reminder of ${what} on ${when}. Code ${code}.`,
      };
  }
}

/** The same in parts, for an agent that talks. */
export function factsOf(about: Subject): Readonly<Record<string, string>> {
  const local = formatLocal(about.zone, about.startsAt);
  return {
    client_name: about.client,
    business_name: about.business,
    service_name: about.service ?? "",
    when: whenOf(about.zone, about.startsAt),
    date: local.slice(0, 10),
    time: local.slice(11, 16),
    starts_at: formatUtc(about.startsAt),
    timezone: about.zone.name,
    code: about.code,
  };
}

/** "Tuesday 24 November, 10:00". */
function whenOf(zone: ZoneRules, at: number): string {
  const local = at + offsetAt(zone, at);
  const day = dayOfMs(local);
  const { month, day: date } = civilFromDays(day);
  const minutes = Math.floor((local - day * 86_400_000) / 60_000);
  const clock = `${pad2(Math.floor(minutes / 60))}:${pad2(minutes % 60)}`;
  return `${weekdays[weekdayOf(day)]} ${date} ${months[month - 1]}, ${clock}`;
}
