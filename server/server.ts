// RoomServer: the listener, the rooms and the live connections of one server, over an engine.

import type { AddressInfo } from "node:net";
import type { Limits } from "../shared/limits.js";
import { Backlog } from "./backlog.js";
import { Connection, type Premises } from "./connection.js";
import type { Engine } from "./engine.js";
import { openListener, type Listener } from "./listener.js";
import type { Log } from "./log.js";
import { Outboxes } from "./outbox.js";
import { People } from "./people.js";
import { leaveGraceMs as defaultLeaveGraceMs } from "./presence.js";
import { RecentEntries } from "./recent-entries.js";
import { RecentPages } from "./recent-pages.js";
import { Rooms } from "./rooms.js";
import { Turnstile } from "./turnstile.js";
import { Turns } from "./turns.js";
import type { Wire } from "./wires/wire.js";
import { Unwritten } from "./unwritten.js";
import { Works } from "./works.js";

export interface RoomServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly limits: Limits;
  /** Told to clients, as "roomline/1.0.0". */
  readonly serverName: string;
  readonly log: Log;
  /** How long a peer may say nothing before its `connect`. */
  readonly silenceMs?: number;
  /** How long a peer may take no byte, or acknowledge none, while some wait for it. */
  readonly stallMs?: number;
  /** Connections that one address may have; loopback is never counted. */
  readonly maxPerAddress?: number;
  /** How long a member who vanished may be away before the room is told. */
  readonly leaveGraceMs?: number;
}

/** Pages of entries that are read, or were and wait to be sent: enough to keep the log's reader at work. */
const maxPagesAtOnce = 8;

const defaultSilenceMs = 10_000;
const defaultStallMs = 15 * 60_000;

export class RoomServer {
  readonly #engine: Engine;
  readonly #options: RoomServerOptions;
  readonly #premises: Premises;
  readonly #connections = new Set<Connection>();
  #listener: Listener | undefined;

  constructor(engine: Engine, options: RoomServerOptions) {
    const { limits, serverName, log, silenceMs = defaultSilenceMs } = options;
    const { stallMs = defaultStallMs } = options;
    this.#engine = engine;
    this.#options = options;
    const { leaveGraceMs = defaultLeaveGraceMs } = options;
    const works = new Works();
    const rooms = new Rooms(engine.catalog, {
      log: engine.log,
      readMarks: engine.readMarks,
      limits,
      recent: new RecentEntries(),
      works,
      catchingUp: works.openLane(),
      pages: new Turnstile(maxPagesAtOnce),
      recentPages: new RecentPages(),
      leaveGraceMs,
    });
    const shared = {
      rooms,
      people: new People(),
      outboxes: new Outboxes(),
      turns: new Turns(),
      backlog: new Backlog(),
      unwritten: new Unwritten(limits.windowBytes),
    };
    this.#premises = { ...shared, engine, limits, serverName, silenceMs, stallMs, log };
  }

  /** @throws Error of the system, with its `code`, when the address cannot be had */
  async listen(): Promise<AddressInfo> {
    const { host, port, limits, maxPerAddress = Infinity } = this.#options;
    const { silenceMs = defaultSilenceMs, stallMs = defaultStallMs } = this.#options;
    this.#listener = await openListener({
      host,
      port,
      maxLineBytes: limits.lineBytes,
      silenceMs,
      stallMs,
      maxPerAddress,
      onWire: (wire) => {
        this.#serve(wire);
      },
    });
    return this.#listener.address;
  }

  /** Stops accepting, answers what was received, says goodbye to everybody, then closes the engine. */
  async close(graceMs: number): Promise<void> {
    await this.#listener?.close();
    const goodbye = { code: "shutting-down", message: "The server is stopping.", retry: true } as const;
    await Promise.all(Array.from(this.#connections, (connection) => connection.retire(goodbye, graceMs)));
    await this.#engine.close();
  }

  #serve(wire: Wire): void {
    const connection = new Connection(wire, this.#premises);
    this.#connections.add(connection);
    void connection.run().finally(() => this.#connections.delete(connection));
  }
}
