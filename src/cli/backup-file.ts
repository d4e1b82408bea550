import { rmSync } from "node:fs";
import { DatabaseSync, backup } from "node:sqlite";

/**
 * Copies a live SQLite database page by page into a new file. It reads beside the server that owns the file, and needs
 * no lock: a write-ahead log lets one writer and many readers work at once.
 */
export async function backupFile(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5_000 });
  try {
    // In one step, which sees one instant; with several, every write of the server would begin it anew.
    await backup(source, to, { rate: 2 ** 31 - 1 });
  } catch (error) {
    // Half a copy must not look like a backup.
    rmSync(to, { force: true });
    throw error;
  } finally {
    source.close();
  }
}
