import type {
  Carrier,
  CarrierCheck,
  CarrierKind,
  LookupAnswer,
  LookupOrder,
  Order,
  PlaceAnswer,
} from "../../src/ports/carrier.ts";

/** A carrier that does exactly what a test says and remembers what it was asked. By default it takes every call. */
export class StubCarrier implements Carrier {
  readonly orders: Order[] = [];
  readonly lookups: LookupOrder[] = [];
  readonly hangUps: LookupOrder[] = [];
  /** True for a carrier that may ring long after it took a call. */
  queues = false;
  onPlace: (order: Order) => PlaceAnswer | Promise<PlaceAnswer> = (order) => ({
    kind: "accepted",
    carrierRef: `ref-${order.attemptId}`,
    reports: [],
  });
  onLookup: (order: LookupOrder) => LookupAnswer = () => ({
    kind: "unavailable",
    detail: "the test carrier cannot be asked",
  });
  onHangUp: (order: LookupOrder) => boolean = () => false;

  /** The registry entry under which an engine knows it. `real` as a test needs it. */
  kind(real = false): CarrierKind {
    return {
      name: "stub",
      real,
      secrets: ["token"],
      queues: this.queues,
      parseSettings: (input) => ({ ok: true, settings: { ...input } }),
      connect: () => this,
    };
  }

  async place(order: Order): Promise<PlaceAnswer> {
    this.orders.push(order);
    return this.onPlace(order);
  }

  lookup(order: LookupOrder): Promise<LookupAnswer> {
    this.lookups.push(order);
    return Promise.resolve(this.onLookup(order));
  }

  hangUp(order: LookupOrder): Promise<boolean> {
    this.hangUps.push(order);
    return Promise.resolve(this.onHangUp(order));
  }

  check(): Promise<CarrierCheck> {
    return Promise.resolve({ ok: true, detail: "It is a test carrier." });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
