import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$/;

/**
 * Writes files of one folder that only their owner can read, as they hold addresses and words of people. A file is there as
 * a whole or not at all; one of the same name is replaced. The folder is made with the first. Rejects with what the file
 * system says.
 */
export function openOutboxFolder(folder: string): (name: string, text: string) => Promise<void> {
  return async (name, text) => {
    if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no name for a file of the outbox`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = join(folder, `.${randomUUID()}.tmp`);
    try {
      await writeFile(draft, text, { mode: 0o600, flag: "wx" });
      await rename(draft, join(folder, name));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  };
}
