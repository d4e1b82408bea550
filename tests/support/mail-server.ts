import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";

export type Letter = { readonly from: string; readonly to: readonly string[]; readonly data: string };

/** What the server answers to a command, instead of taking it; null takes it. "hang up" closes the connection, "silence" says nothing. */
export type Answering = (command: string) => string | null;

export type MailServer = {
  readonly port: number;
  readonly letters: readonly Letter[];
  /** Every command of every connection, in order. */
  readonly commands: readonly string[];
  answer: Answering;
  close(): void;
};

/** A mail server on loopback that speaks as much SMTP (RFC 5321, AUTH PLAIN of RFC 4954) as a client of ours needs. */
export async function startMailServer(): Promise<MailServer> {
  const letters: Letter[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server: { answer: Answering } = { answer: () => null };
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    converse(socket, letters, commands, (command) => server.answer(command));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  return Object.assign(server, {
    port,
    letters,
    commands,
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}

function converse(socket: Socket, letters: Letter[], commands: string[], answer: Answering): void {
  let from = "";
  let to: string[] = [];
  let isData = false;
  let text = "";
  const say = (line: string): void => {
    if (line === "hang up") socket.destroy();
    else if (line !== "silence") socket.write(`${line}\r\n`);
  };
  const take = (command: string): void => {
    commands.push(command);
    const refused = answer(command);
    if (refused !== null) return say(refused);
    const verb = command.slice(0, 4).toUpperCase();
    if (verb === "EHLO") return say("250-mail.example\r\n250 AUTH PLAIN");
    if (verb === "AUTH") return say("235 2.7.0 accepted");
    if (verb === "MAIL") from = /<(.*?)>/.exec(command)?.[1] ?? "";
    if (verb === "RCPT") to.push(/<(.*?)>/.exec(command)?.[1] ?? "");
    if (verb === "QUIT") return void socket.end("221 2.0.0 bye\r\n");
    if (verb !== "DATA") return say("250 2.0.0 ok");
    isData = true;
    say("354 go ahead");
  };
  const finish = (data: string): void => {
    isData = false;
    const refused = answer("<message>");
    if (refused !== null) return say(refused);
    letters.push({ from, to, data });
    to = [];
    say("250 2.0.0 queued");
  };
  say(answer("<greeting>") ?? "220 mail.example ESMTP");
  socket.on("data", (chunk) => {
    text += chunk.toString("utf8");
    for (;;) {
      const mark = isData ? "\r\n.\r\n" : "\r\n";
      const end = text.indexOf(mark);
      if (end === -1) return;
      const part = text.slice(0, end);
      text = text.slice(end + mark.length);
      if (isData) finish(part);
      else take(part);
    }
  });
}
