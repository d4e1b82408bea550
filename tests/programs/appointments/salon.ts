import { program } from "../../../src/programs/appointments/program.ts";
import { program as upkeep } from "../../../src/programs/upkeep/program.ts";
import { type KeptMessenger, keptMessengers } from "../../support/kept-messenger.ts";
import { type OpenHouse, openHouse } from "../../support/open-house.ts";

export type Json = Record<string, unknown>;

export type Salon = OpenHouse & {
  readonly letters: ReturnType<typeof keptMessengers>;
  /** POSTs and gives the answer's JSON; throws when it is none of the 2xx. */
  readonly post: (url: string, body?: unknown) => Promise<Json>;
  readonly get: (url: string) => Promise<Json>;
  readonly patch: (url: string, body: unknown) => Promise<Json>;
  /** What is told of an appointment, as `kind status` in the order of time. */
  readonly told: (id: unknown) => Promise<readonly string[]>;
  readonly messages: (id: unknown) => Promise<readonly Json[]>;
};

/** The server with the program, and messengers that keep what they are given. */
export async function openSalon(options: Parameters<typeof openHouse>[0] = {}): Promise<Salon> {
  const letters = keptMessengers();
  const house = await openHouse({ messengers: letters, programs: [program, upkeep], ...options });
  const send = async (method: "GET" | "POST" | "PATCH", url: string, body?: unknown): Promise<Json> => {
    const answer = await house.ask(method, url, body);
    await house.drain();
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
    return answer.json();
  };
  const messages = async (id: unknown) =>
    (await send("GET", `/v1/appointments/${String(id)}/messages`))["data"] as readonly Json[];
  return {
    ...house,
    letters,
    post: (url, body = {}) => send("POST", url, body),
    get: (url) => send("GET", url),
    patch: (url, body) => send("PATCH", url, body),
    messages,
    told: async (id) => (await messages(id)).map(({ kind, status }) => `${String(kind)} ${String(status)}`),
  };
}

/** A salon in New York with a cut of 45 minutes, and one client. */
export async function openForBusiness(
  salon: Salon,
  business: Json = {},
  client: Json = {},
): Promise<{ readonly businessId: string; readonly serviceId: string; readonly clientId: string }> {
  const { id: businessId } = await salon.post("/v1/businesses", {
    name: "Aurora",
    timezone: "America/New_York",
    channel: "sms",
    ...business,
  });
  const { id: serviceId } = await salon.post("/v1/services", {
    business_id: businessId,
    name: "Haircut",
    duration: "45m",
  });
  const { id: clientId } = await salon.post("/v1/clients", {
    name: "Ann",
    phone: "+12125550100",
    email: "ann@example.com",
    recipient_id: "uid-ann",
    ...client,
  });
  return { businessId: String(businessId), serviceId: String(serviceId), clientId: String(clientId) };
}

/** What the messengers were given, in the order in which they sent: instants are those of the test's clock. */
export function allLetters(letters: Readonly<Record<string, KeptMessenger>>) {
  return Object.values(letters).flatMap((messenger) => messenger.letters);
}
