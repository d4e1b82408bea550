import { type Setting, httpUrl, optional, text } from "./setting.ts";

/**
 * The variables of a Twilio account that other programs read too. A line that names its own account needs none of them; so
 * they are only judged when a line is made, and an `.env` with words still to be filled in starts.
 */
export const twilioSettings = {
  twilioAccountSid: optional(
    {
      name: "TWILIO_ACCOUNT_SID",
      meaning: "The Twilio account of lines that do not name one. It makes no line by itself.",
    },
    text,
  ),
  twilioAuthToken: optional(
    {
      name: "TWILIO_AUTH_TOKEN",
      secret: true,
      meaning: "The token of that account; it also signs callbacks.",
    },
    text,
  ),
  twilioPhoneNumber: optional(
    {
      name: "TWILIO_PHONE_NUMBER",
      meaning: "The caller id that a new Twilio line gets.",
    },
    text,
  ),
  twilioFrom: optional(
    { name: "TWILIO_FROM", meaning: "The same under its other name; `TWILIO_PHONE_NUMBER` wins." },
    text,
  ),
  twilioWebhookUrl: optional(
    {
      name: "TWILIO_WEBHOOK_URL",
      meaning:
        "Where Twilio reports, ending in `/webhook/call-status`. Without it: an address of its own for each attempt, below `PUBLIC_URL`.",
    },
    httpUrl,
  ),
} as const satisfies Record<string, Setting<unknown>>;

export type TwilioEnvironment = {
  readonly accountSid: string | null;
  readonly authToken: string | null;
  readonly phoneNumber: string | null;
  readonly webhookUrl: string | null;
};

type Values = { readonly [K in keyof typeof twilioSettings]: (typeof twilioSettings)[K]["absent"] };

export function twilioEnvironmentOf(values: Values): TwilioEnvironment {
  return {
    accountSid: values.twilioAccountSid,
    authToken: values.twilioAuthToken,
    phoneNumber: values.twilioPhoneNumber ?? values.twilioFrom,
    webhookUrl: values.twilioWebhookUrl,
  };
}
