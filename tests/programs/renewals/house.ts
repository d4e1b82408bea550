import { program } from "../../../src/programs/renewals/program.ts";
import type { Store } from "../../../src/ports/store.ts";
import { type OpenHouse, openHouse } from "../../support/open-house.ts";

export type Json = Record<string, unknown>;

export type RenewalHouse = OpenHouse & {
  /** Asks, and gives what was answered; throws unless it is 200. */
  readonly get: <T = Json>(url: string) => Promise<T>;
  readonly put: <T = Json>(url: string, body: object) => Promise<T>;
  readonly post: <T = Json>(url: string, body?: object) => Promise<T>;
  readonly remove: <T = Json>(url: string) => Promise<T>;
  /** Sends a file; `rows` beneath their header. */
  readonly importCsv: (header: string, rows: readonly string[], preview?: boolean) => Promise<Imported>;
  /** Makes a customer with a policy of twelve months that ends on a day. */
  readonly insure: (phone: string, endDate: string, more?: Json) => Promise<Insured>;
  /** Lets time pass up to an instant, doing on the way what falls due. */
  readonly passTo: (instant: string) => Promise<void>;
  /** Sleeps up to an instant, as a machine does, and wakes there. */
  readonly sleepTo: (instant: string) => Promise<void>;
};

export type Imported = Json & {
  readonly rows: number;
  readonly rejected: number;
  readonly rejected_rows: readonly { line: number; reason: string }[];
};

/** The ids of a customer and of the policy that was given to them. */
export type Insured = { readonly customer: string; readonly held: string; readonly policy: string };

export type Call = {
  readonly id: string;
  readonly call_id: string;
  readonly status: string;
  readonly customer_id: string;
  readonly outcome: string | null;
  readonly retry_count: number;
};

/** The whole program on a clock that the test moves. Default: half past nine in India, half an hour before the daily run. */
export async function openRenewals(
  options: { readonly startAt?: string; readonly store?: Store; readonly realStub?: boolean } = {},
): Promise<RenewalHouse> {
  const house = await openHouse({
    programs: [program],
    startAt: Date.parse(options.startAt ?? "2026-12-01T04:00:00Z"),
    ...(options.store === undefined ? {} : { store: options.store }),
    ...(options.realStub === undefined ? {} : { realStub: options.realStub }),
  });
  const asked = async <T>(
    method: "GET" | "PUT" | "POST" | "DELETE",
    url: string,
    body?: object,
  ): Promise<T> => {
    const answer = await house.ask(method, url, body);
    if (answer.statusCode !== 200) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`);
    return answer.json<T>();
  };
  let policy: string | null = null;
  return {
    ...house,
    get: (url) => asked("GET", url),
    put: (url, body) => asked("PUT", url, body),
    post: (url, body) => asked("POST", url, body),
    remove: (url) => asked("DELETE", url),
    async importCsv(header, rows, preview = false) {
      const url = `/api/customers/import${preview ? "?preview=true" : ""}`;
      const answer = await house.ask("POST", url, [header, ...rows].join("\n"), {
        "content-type": "text/csv",
      });
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${answer.body}`);
      return answer.json<Imported>();
    },
    async insure(phone, endDate, more = {}) {
      policy ??= (
        await asked<{ id: string }>("POST", "/api/policies", {
          policy_number: "HP-12",
          policy_name: "Health Plus",
          base_premium: 12_000,
          duration_months: 12,
        })
      ).id;
      const { id } = await asked<{ id: string }>("POST", "/api/customers", {
        name: `Asha ${phone.slice(-4)}`,
        phone,
      });
      const held = await asked<{ id: string }>("POST", `/api/customers/${id}/policies`, {
        policy_id: policy,
        start_date: "2025-01-15",
        end_date: endDate,
        ...more,
      });
      return { customer: id, held: held.id, policy };
    },
    async sleepTo(instant) {
      house.clock.jump(Date.parse(instant) - house.clock.now());
      await house.advance(1);
    },
    passTo: (instant) => house.advance(Date.parse(instant) - house.clock.now()),
  };
}

/** "+9191234500NN": every other number of the sandbox answers after a short ring. */
export function phoneOf(index: number): string {
  return `+91912345${String(index).padStart(4, "0")}`;
}
