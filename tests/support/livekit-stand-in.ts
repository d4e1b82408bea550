import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import {
  CreateRoomRequest,
  CreateSIPParticipantRequest,
  DeleteRoomRequest,
  DisconnectReason,
  ListParticipantsRequest,
  ListParticipantsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  ListSIPOutboundTrunkRequest,
  ListSIPOutboundTrunkResponse,
  ParticipantInfo,
  ParticipantInfo_Kind,
  ParticipantInfo_State,
  Room,
  RoomParticipantIdentity,
  SIPOutboundTrunkInfo,
  SIPParticipantInfo,
  WebhookEvent,
} from "@livekit/protocol";
import { TokenVerifier } from "livekit-server-sdk";

/** What becomes of the next create request. */
export type Creation =
  /** Taken and answered. */
  | "takes"
  /** Taken, and the connection is closed, or reset, before the answer. */
  | "loses_answer"
  | "resets"
  /** Taken, and never answered. */
  | "hangs"
  /** Not taken, and never answered. */
  | "swallows"
  /** Taken, and answered with this status and a page of a proxy. */
  | { readonly afterTaking: number }
  /** Rung, and ended by the network so; the answer holds the SIP status, as when it waits for the callee. */
  | { readonly sip: number; readonly reason?: string; readonly http: number; readonly code: string }
  /** Not taken, and answered so. */
  | {
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly retryAfter?: string;
    };

/** A room, as a server keeps it. */
type PlayedRoom = {
  readonly info: Room;
  readonly createdAt: number;
  readonly agents: readonly { readonly agentName: string; readonly metadata: string }[];
  hasBeenEntered: boolean;
  leftAt: number;
};

/** A phone that was dialed into a room. */
export type PlayedCall = {
  readonly request: CreateSIPParticipantRequest;
  readonly sid: string;
  readonly callId: string;
  readonly joinedAt: number;
  status: string;
  attributes: Record<string, string>;
  /** Null: it is in its room. */
  leftAt: number | null;
  /** When somebody answered. */
  answeredAt: number | null;
};

/** An event as LiveKit would send it. */
export type Message = {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
};

/** A request to it; the URL may be a path alone. */
export type Request = {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly authorization: string | undefined;
};
type Answer = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };
export type Reply = Answer | "close" | "reset" | "hang";

export type Playing = {
  /** UTC ms. */
  readonly now: () => number;
  /** Tokens are read and not verified: an engine on a clock that a test moves does not wait for the library's threads. */
  readonly isQuick?: boolean;
};

export const STAND_IN_KEY = "APIstandin01";
export const STAND_IN_SECRET = "stand-in-secret-0123456789-0123456789";
export const STAND_IN_TRUNK = "ST_standin01";
export const STAND_IN_NUMBER = "+12125550190";

const LEEWAY_MS = 60_000;
const FOR_EVER_S = 10_000_000_000;

/**
 * A server on loopback that speaks as much of LiveKit's interface as Carillon uses. What it is sent is decoded by LiveKit's
 * own protocol package, which refuses what it does not know, and tokens are verified by LiveKit's own library.
 */
export class LiveKitStandIn {
  readonly calls: PlayedCall[] = [];
  /** What no client of LiveKit's should have done. */
  readonly faults: string[] = [];
  /** Create requests that arrived, whatever became of them. */
  posts = 0;
  /** Every other request, as its service and method. */
  readonly asked: string[] = [];
  next: Creation = "takes";
  /** Where the project reports. */
  webhookUrl = "https://calls.example.com/webhook/livekit";
  trunkNumbers: string[] = [STAND_IN_NUMBER];
  /** How long after its end a token is taken. */
  leewayMs = LEEWAY_MS;
  /** The last create request, as it came. */
  last: Request | null = null;
  readonly rooms = new Map<string, PlayedRoom>();
  onTaken: (call: PlayedCall) => void = () => {};
  /** After a phone was shown in a list. */
  onShown: (call: PlayedCall) => void = () => {};
  readonly #now: () => number;
  readonly #isQuick: boolean;
  readonly #verifier = new TokenVerifier(STAND_IN_KEY, STAND_IN_SECRET);
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #events = 0;

  constructor(playing: Playing) {
    this.#now = playing.now;
    this.#isQuick = playing.isQuick ?? false;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The settings of a line that leads here. */
  get settings() {
    return {
      url: this.url.replace("http", "ws"),
      api_key: STAND_IN_KEY,
      api_secret: STAND_IN_SECRET,
      sip_trunk_id: STAND_IN_TRUNK,
      agent_name: "greeter",
      allow_private: true,
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  /** The call goes on. */
  move(call: PlayedCall, status: "ringing" | "automation" | "active"): void {
    call.status = status;
    if (status !== "ringing") call.answeredAt ??= this.#now();
  }

  /** The phone leaves; after a conversation its last status is `hangup`. */
  leave(call: PlayedCall, reason: DisconnectReason): Message {
    if (call.status === "active" && reason === DisconnectReason.CLIENT_INITIATED) call.status = "hangup";
    this.#remove(call);
    return this.event("participant_left", call, reason);
  }

  joined(call: PlayedCall): Message {
    return this.event("participant_joined", call);
  }

  /** An event, signed. */
  event(name: string, call: PlayedCall, reason?: DisconnectReason): Message {
    const participant = this.#shown(call);
    if (reason !== undefined) {
      participant.disconnectReason = reason;
      participant.state = ParticipantInfo_State.DISCONNECTED;
    }
    const event = new WebhookEvent({
      event: name,
      room: this.rooms.get(call.request.roomName)?.info ?? new Room({ name: call.request.roomName }),
      participant,
      id: `EV_${(this.#events += 1)}`,
      createdAt: BigInt(Math.floor(this.#now() / 1000)),
    });
    return this.message(event.toJsonString());
  }

  message(body: string, secret = STAND_IN_SECRET, key = STAND_IN_KEY): Message {
    const seconds = Math.floor(this.#now() / 1000);
    const claims = {
      iss: key,
      nbf: seconds,
      exp: seconds + 300,
      sha256: createHash("sha256").update(body).digest("base64"),
    };
    const signed = [{ alg: "HS256", typ: "JWT" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
    return {
      url: this.webhookUrl,
      headers: { authorization: token, "content-type": "application/webhook+json" },
      body,
    };
  }

  /** What it answers, or does instead. Also without a socket, for engines on a clock that a test moves. */
  async respond(request: Request): Promise<Reply> {
    // Not LiveKit's, but ours: so that a check of our own address can succeed.
    if (request.url.endsWith("/self/livez")) return json(200, { status: "ok" });
    const [, method = ""] = /\/twirp\/livekit\.(\w+\/\w+)$/.exec(request.url) ?? [];
    if (method === "SIP/CreateSIPParticipant") {
      this.posts += 1;
      this.last = request;
    } else this.asked.push(method);
    const grants = await this.#grantsOf(request.authorization ?? "");
    if (grants === null) return fault(401, "unauthenticated", "invalid token: token is expired");
    this.#closeRooms();
    try {
      return this.#serve(method, request.body, grants);
    } catch (error) {
      this.faults.push(`${method}: ${String(error)}`);
      return fault(400, "malformed", String(error));
    }
  }

  #serve(method: string, body: string, grants: Granted): Reply {
    const { video = {}, sip = {} } = grants;
    const denied = (why: string): Reply => {
      this.faults.push(`${method} without ${why}`);
      return fault(401, "unauthenticated", "permissions denied");
    };
    switch (method) {
      case "SIP/CreateSIPParticipant":
        return sip.call === true
          ? this.#create(CreateSIPParticipantRequest.fromJsonString(body))
          : denied("sip.call");
      case "SIP/ListSIPOutboundTrunk":
        return sip.admin === true
          ? this.#trunks(ListSIPOutboundTrunkRequest.fromJsonString(body))
          : denied("sip.admin");
      case "RoomService/CreateRoom":
        return video.roomCreate === true
          ? this.#createRoom(CreateRoomRequest.fromJsonString(body))
          : denied("roomCreate");
      case "RoomService/DeleteRoom":
        return video.roomCreate === true
          ? this.#deleteRoom(DeleteRoomRequest.fromJsonString(body).room)
          : denied("roomCreate");
      case "RoomService/ListRooms":
        return video.roomList === true
          ? this.#listRooms(ListRoomsRequest.fromJsonString(body).names)
          : denied("roomList");
      case "RoomService/ListParticipants": {
        const { room } = ListParticipantsRequest.fromJsonString(body);
        return video.roomAdmin === true && video.room === room ? this.#list(room) : denied("roomAdmin");
      }
      case "RoomService/RemoveParticipant": {
        const who = RoomParticipantIdentity.fromJsonString(body);
        return video.roomAdmin === true && video.room === who.room ? this.#kick(who) : denied("roomAdmin");
      }
      default:
        return fault(404, "bad_route", `no handler for ${method}`);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url = "/", headers } = request;
    if (url.includes("CreateSIP") && headers.connection !== "close")
      this.faults.push(`the connection is ${headers.connection}`);
    const body = Buffer.concat(chunks).toString();
    const reply = await this.respond({ method, url, body, authorization: headers.authorization });
    if (reply === "close") return void response.destroy();
    if (reply === "reset") return void response.socket?.resetAndDestroy();
    if (reply === "hang") return;
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  /** Verified by LiveKit's library as if it were always now; whether it has ended is judged by the clock of the test. */
  async #grantsOf(authorization: string): Promise<Granted | null> {
    const token = authorization.replace(/^Bearer /, "");
    try {
      const grants = this.#isQuick
        ? (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Granted)
        : ((await this.#verifier.verify(token, FOR_EVER_S)) as Granted);
      const isOver = grants.exp === undefined || this.#now() >= grants.exp * 1000 + this.leewayMs;
      return isOver ? null : grants;
    } catch {
      // Not signed with the key: as good as none.
      return null;
    }
  }

  #create(request: CreateSIPParticipantRequest): Reply {
    const { next } = this;
    if (typeof next === "object" && "status" in next) {
      const refused = fault(next.status, next.code ?? "", next.message ?? `Refused for ${request.sipCallTo}`);
      const headers = next.retryAfter === undefined ? {} : { "retry-after": next.retryAfter };
      return { ...refused, headers: { ...refused.headers, ...headers } };
    }
    if (next === "swallows") return "hang";
    if (request.sipTrunkId !== STAND_IN_TRUNK)
      return fault(404, "not_found", "requested sip trunk does not exist");
    this.faults.push(...faultsOf(request));
    const call = this.#take(request);
    if (typeof next === "object" && "sip" in next) {
      this.#remove(call);
      const reason = next.reason ?? "";
      const meta = { sip_status_code: String(next.sip), sip_status: reason };
      return json(next.http, { code: next.code, msg: `sip status ${next.sip}: ${reason}`, meta });
    }
    this.onTaken(call);
    if (next === "loses_answer") return "close";
    if (next === "resets") return "reset";
    if (next === "hangs") return "hang";
    if (typeof next === "object")
      return { status: next.afterTaking, headers: {}, body: "<html>Bad gateway</html>" };
    const { participantIdentity, roomName } = request;
    const info = { participantId: call.sid, participantIdentity, roomName, sipCallId: call.callId };
    return answer(new SIPParticipantInfo(info));
  }

  #take(request: CreateSIPParticipantRequest): PlayedCall {
    const number = this.calls.length + 1;
    const call: PlayedCall = {
      request,
      sid: `PA_${number}`,
      callId: `SCL_${number}`,
      joinedAt: this.#now(),
      status: "dialing",
      attributes: { ...request.participantAttributes },
      leftAt: null,
      answeredAt: null,
    };
    this.calls.push(call);
    const room =
      this.rooms.get(request.roomName) ?? this.#open(new CreateRoomRequest({ name: request.roomName }));
    room.hasBeenEntered = true;
    return call;
  }

  #remove(call: PlayedCall): void {
    call.leftAt ??= this.#now();
    const room = this.rooms.get(call.request.roomName);
    if (room !== undefined) room.leftAt = this.#now();
  }

  #createRoom(request: CreateRoomRequest): Reply {
    if (request.name.length > 256) return fault(400, "invalid_argument", "room name length exceeds limits");
    return answer((this.rooms.get(request.name) ?? this.#open(request)).info);
  }

  #open(request: CreateRoomRequest): PlayedRoom {
    const info = new Room({
      sid: `RM_${this.rooms.size + 1}`,
      name: request.name,
      emptyTimeout: request.emptyTimeout || 300,
      departureTimeout: request.departureTimeout || 20,
      metadata: request.metadata,
      creationTime: BigInt(Math.floor(this.#now() / 1000)),
      creationTimeMs: BigInt(this.#now()),
    });
    const room: PlayedRoom = {
      info,
      createdAt: this.#now(),
      agents: request.agents.map(({ agentName, metadata }) => ({ agentName, metadata })),
      hasBeenEntered: false,
      leftAt: 0,
    };
    this.rooms.set(request.name, room);
    return room;
  }

  #deleteRoom(name: string): Reply {
    if (!this.rooms.delete(name)) return fault(404, "not_found", "requested room does not exist");
    for (const call of this.calls) if (call.request.roomName === name) call.leftAt ??= this.#now();
    return json(200, {});
  }

  /** As a server does every second: what nobody entered, or everybody has left, is closed in the end. */
  #closeRooms(): void {
    const now = this.#now();
    for (const [name, room] of this.rooms) {
      if (this.#inside(name).length > 0) continue;
      const endsAt = room.hasBeenEntered
        ? room.leftAt + room.info.departureTimeout * 1000
        : room.createdAt + room.info.emptyTimeout * 1000;
      if (now >= endsAt) this.rooms.delete(name);
    }
  }

  #inside(name: string): readonly PlayedCall[] {
    return this.calls.filter(({ request, leftAt }) => request.roomName === name && leftAt === null);
  }

  #list(name: string): Reply {
    const inside = this.#inside(name);
    const agents = (this.rooms.get(name)?.agents ?? []).map(
      ({ agentName }) =>
        new ParticipantInfo({ identity: `agent-${agentName}`, kind: ParticipantInfo_Kind.AGENT }),
    );
    const participants = [...agents, ...inside.map((call) => this.#shown(call))];
    const reply = answer(new ListParticipantsResponse({ participants }));
    for (const call of inside) this.onShown(call);
    return reply;
  }

  #listRooms(names: readonly string[]): Reply {
    const rooms = [...this.rooms.values()].map(({ info }) => info);
    return answer(
      new ListRoomsResponse({
        rooms: rooms.filter(({ name }) => names.length === 0 || names.includes(name)),
      }),
    );
  }

  #kick({ room, identity }: RoomParticipantIdentity): Reply {
    const call = this.#inside(room).find(({ request }) => request.participantIdentity === identity);
    if (call === undefined) return fault(404, "not_found", "participant does not exist");
    this.#remove(call);
    return json(200, {});
  }

  #trunks({ trunkIds }: ListSIPOutboundTrunkRequest): Reply {
    const trunk = new SIPOutboundTrunkInfo({
      sipTrunkId: STAND_IN_TRUNK,
      name: "Stand-in",
      numbers: this.trunkNumbers,
    });
    const items = trunkIds.length === 0 || trunkIds.includes(STAND_IN_TRUNK) ? [trunk] : [];
    return answer(new ListSIPOutboundTrunkResponse({ items }));
  }

  #shown(call: PlayedCall): ParticipantInfo {
    return new ParticipantInfo({
      sid: call.sid,
      identity: call.request.participantIdentity,
      name: call.request.participantName,
      state: ParticipantInfo_State.ACTIVE,
      kind: ParticipantInfo_Kind.SIP,
      joinedAt: BigInt(Math.floor(call.joinedAt / 1000)),
      joinedAtMs: BigInt(call.joinedAt),
      attributes: {
        "sip.callID": call.callId,
        "sip.callStatus": call.status,
        "sip.trunkID": call.request.sipTrunkId,
        "sip.phoneNumber": call.request.sipCallTo,
        ...call.attributes,
      },
    });
  }
}

type Granted = {
  readonly exp?: number;
  readonly video?: {
    readonly roomCreate?: boolean;
    readonly roomList?: boolean;
    readonly roomAdmin?: boolean;
    readonly room?: string;
  };
  readonly sip?: { readonly call?: boolean; readonly admin?: boolean };
};

/** What LiveKit's server would refuse. */
function faultsOf(request: CreateSIPParticipantRequest): string[] {
  const faults: string[] = [];
  if (!/^\+\d{7,15}$/.test(request.sipCallTo)) faults.push(`sip_call_to ${request.sipCallTo}`);
  if (request.roomName === "") faults.push("no room_name");
  if (request.participantIdentity === "") faults.push("no participant_identity");
  if ((request.ringingTimeout?.seconds ?? 0n) <= 0n) faults.push("no ringing_timeout");
  if ((request.maxCallDuration?.seconds ?? 0n) <= 0n) faults.push("no max_call_duration");
  return faults;
}

/** As LiveKit's server writes JSON: the protocol's own names, and what has its default too. */
function answer(message: {
  toJsonString(options: { useProtoFieldName: boolean; emitDefaultValues: boolean }): string;
}): Answer {
  const body = message.toJsonString({ useProtoFieldName: true, emitDefaultValues: true });
  return { status: 200, headers: { "content-type": "application/json" }, body };
}

function json(status: number, body: object): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function fault(status: number, code: string, message: string): Answer {
  return json(status, { code, msg: message });
}
