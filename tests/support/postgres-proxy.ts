import { type Server, type Socket, connect, createServer } from "node:net";

/** Stands between a store and its Postgres, sees what is said, and may cut the line at the worst moment. */
export type PostgresProxy = {
  readonly url: string;
  /** The names of the statements that were prepared; "" for an unnamed one. */
  readonly prepared: string[];
  /** Cuts the line after the next `times` commits have reached the server, before their answers come back. */
  cutAfterCommit(times: number): void;
  readonly cuts: number;
  close(): Promise<void>;
};

export async function postgresProxy(target: string): Promise<PostgresProxy> {
  const { hostname, port } = new URL(target);
  const prepared: string[] = [];
  const sockets = new Set<Socket>();
  let toCut = 0;
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let cutting = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      // A cut line is what this is for; both ends hear of it by their own close.
      socket.on("error", () => {});
    }
    near.on("data", (chunk: Buffer) => {
      for (const name of preparedIn(chunk)) prepared.push(name);
      if (toCut > 0 && chunk.includes("commit\0")) {
        toCut -= 1;
        cuts += 1;
        cutting = true;
      }
      far.write(chunk);
    });
    far.on("data", (chunk: Buffer) => {
      // The server has answered, so the commit is durable; we never hear of it.
      if (cutting) near.destroy();
      else near.write(chunk);
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await listening(server);
  const address = server.address();
  const url = new URL(target);
  url.port = typeof address === "object" && address !== null ? String(address.port) : "";
  return {
    url: url.href,
    prepared,
    cutAfterCommit(times) {
      toCut = times;
    },
    get cuts() {
      return cuts;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Names in the Parse messages of a chunk that begins at a message. */
function preparedIn(chunk: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + 5 <= chunk.length; at += 1 + chunk.readUInt32BE(at + 1)) {
    if (chunk[at] === 0x50) names.push(chunk.toString("utf8", at + 5, chunk.indexOf(0, at + 5)));
    if (chunk[at] === 0) break;
  }
  return names;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}
