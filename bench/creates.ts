import { randomBytes } from "node:crypto";
import { counted, load, requestOf } from "./calls.ts";
import type { Figures } from "./figures.ts";
import { type Bench, perSecond } from "./harness.ts";

const dayMs = 86_400_000;

/** Calls created per second that are due tomorrow; each promise resolves after the durable commit. */
export async function measureCreates(bench: Bench, scale: number): Promise<Figures> {
  const { engine, actor } = bench;
  const tomorrow = engine.now() + dayMs;
  let made = 0;
  const create = async (idempotent: boolean): Promise<void> => {
    made += 1;
    const request = requestOf(made, tomorrow + made);
    const { status } = await engine.schedule(
      actor,
      request,
      idempotent ? { key: randomBytes(16).toString("hex"), fingerprint: `${made}` } : undefined,
    );
    if (status !== 201) throw new Error(`A create was answered ${status}`);
  };
  const only = (created: number, phase: () => Promise<number>): Promise<number> =>
    counted(engine, actor, { created, completed: 0 }, phase);
  const few = Math.round(20_000 * scale);
  const many = Math.round(200_000 * scale);
  await perSecond(Math.round(5_000 * Math.max(scale, 0.4)), 64, () => create(true));
  const createOne = await only(few, () => perSecond(few, 1, () => create(false)));
  const bytes = await bench.bytes();
  const create64 = await only(many, () => perSecond(many, 64, () => create(false)));
  const bytesWaiting = ((await bench.bytes()) - bytes) / many;
  const createKeyed = await only(many, () => perSecond(many, 64, () => create(true)));
  const createBatches = await only(many, () => load(engine, actor, many, (index) => tomorrow + made + index));
  return { createOne, create64, createKeyed, createBatches, bytesWaiting };
}
