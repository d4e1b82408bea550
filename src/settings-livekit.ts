import { type Kind, type Setting, optional, text } from "./setting.ts";

/** The address of a LiveKit server as LiveKit writes it; without the slash at its end. */
const serverUrl: Kind<string> = {
  expected: "a URL such as wss://example.livekit.cloud",
  read: (value) => {
    const url = URL.parse(value);
    if (url === null || !/^(?:ws|http)s?:$/.test(url.protocol)) return { ok: false };
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
      return { ok: false };
    return { ok: true, value: url.href.replace(/\/+$/, "") };
  },
};

/** The variables of a LiveKit project, which its own tools read too. A line that names its project needs none of them. */
export const livekitSettings = {
  livekitUrl: optional(
    {
      name: "LIVEKIT_URL",
      meaning: "The LiveKit project, or server, of lines that do not name one. It makes no line by itself.",
    },
    serverUrl,
  ),
  livekitApiKey: optional(
    { name: "LIVEKIT_API_KEY", meaning: "The key of that project; its reports name it." },
    text,
  ),
  livekitApiSecret: optional(
    {
      name: "LIVEKIT_API_SECRET",
      secret: true,
      meaning: "The secret of that key; it signs our requests and LiveKit's reports.",
    },
    text,
  ),
  livekitSipTrunkId: optional(
    {
      name: "LIVEKIT_SIP_TRUNK_ID",
      meaning: "The outbound trunk, `ST_…`, of lines that do not name one.",
    },
    text,
  ),
  livekitAgentName: optional(
    {
      name: "LIVEKIT_AGENT_NAME",
      meaning: "The agent that talks in calls of lines that do not name one.",
    },
    text,
  ),
} as const satisfies Record<string, Setting<unknown>>;

export type LiveKitEnvironment = {
  readonly url: string | null;
  readonly apiKey: string | null;
  readonly apiSecret: string | null;
  readonly sipTrunkId: string | null;
  readonly agentName: string | null;
};

type Values = { readonly [K in keyof typeof livekitSettings]: (typeof livekitSettings)[K]["absent"] };

export function livekitEnvironmentOf(values: Values): LiveKitEnvironment {
  return {
    url: values.livekitUrl,
    apiKey: values.livekitApiKey,
    apiSecret: values.livekitApiSecret,
    sipTrunkId: values.livekitSipTrunkId,
    agentName: values.livekitAgentName,
  };
}
