// One person over all lives of a server: comes with the session and the numbers it has, checks that it is given
// exactly the rest, and can be cut off or taken over at any moment. Writers and readers are built on it.

import { whereOf, type Ledger } from "./crash-ledger.js";
import type { Answer } from "./peer.js";
import { RawPeer } from "./raw-peer.js";

export interface FollowerOptions {
  readonly name: string;
  readonly rooms: readonly string[];
  readonly ledger: Ledger;
  /** It has joined all its rooms. */
  readonly onReady?: () => void;
  /** Called with each entry that is given for the first time, and with answers that are no entries. */
  readonly onLine?: (answer: Answer) => void;
}

interface Position {
  seq: number;
  epoch: string | undefined;
}

const isEntry = ({ type, seq }: Answer) => seq !== undefined && type !== "recorded";

export class Follower {
  readonly name: string;
  readonly #options: FollowerOptions;
  readonly #positions: ReadonlyMap<string, Position>;
  #session: string | undefined;
  #peer: RawPeer | undefined;
  #toJoin = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.name = options.name;
    this.#positions = new Map(options.rooms.map((room) => [room, { seq: 0, epoch: undefined }]));
  }

  /** Whether it may come again: it has a session to come with. */
  get isGreeted(): boolean {
    return this.#session !== undefined;
  }

  /** Opens a connection and goes on from where it was; a connection that it has is taken over. */
  come(port: number): void {
    this.#peer?.letGo();
    this.#toJoin = this.#positions.size;
    const session = this.#session;
    const joins = Array.from(this.#positions, ([room, { seq, epoch }]) => ({
      type: "join",
      room,
      since: seq,
      ...(epoch !== undefined && { epoch }),
    }));
    const connect = { type: "connect", name: this.name, room: null, ...(session && { session }) };
    this.#peer = new RawPeer({
      port,
      firstWords: [connect, ...joins],
      onLine: (answer, raw) => {
        this.#read(answer, raw);
      },
    });
  }

  send(request: object): void {
    this.#peer?.send(request);
  }

  cut(): void {
    this.#peer?.cut();
    this.#peer = undefined;
  }

  /** Forgets the last numbers of every room, to be given them again. */
  rewind(count: number): void {
    for (const position of this.#positions.values()) position.seq = Math.max(0, position.seq - count);
  }

  #read(answer: Answer, raw: string): void {
    const { ledger, onReady, onLine } = this.#options;
    if (isEntry(answer)) this.#follow(answer, raw);
    switch (answer.type) {
      case "connected":
        if (this.#session !== undefined && answer.resumed !== true)
          ledger.note("others", `${this.name} came with a session, and was told: ${raw}`);
        this.#session = String(answer.session);
        break;
      case "joined":
        this.#join(answer);
        if (--this.#toJoin === 0) onReady?.();
        break;
      case "history":
        if (answer.reset === true || answer.lost !== undefined) ledger.note("holes", `told ${raw}`);
        break;
      case "error":
        // Of an upload that is sent twice the second ends the first.
        if (answer.code !== "upload-not-found") ledger.note("others", `${this.name} was told ${raw}`);
        break;
      default:
        onLine?.(answer);
    }
  }

  #join(answer: Answer): void {
    const position = this.#positions.get(String(answer.room));
    if (position === undefined) return;
    const epoch = String(answer.epoch);
    // A room that nobody has spoken in leaves nothing behind, its epoch neither.
    if (position.seq > 0 && position.epoch !== epoch)
      this.#options.ledger.note("others", `${String(answer.room)} has another epoch`);
    position.epoch = epoch;
  }

  #follow(entry: Answer, raw: string): void {
    const { ledger } = this.#options;
    const position = this.#positions.get(String(entry.room));
    if (position === undefined) return;
    const seq = Number(entry.seq);
    const where = `${this.name} had ${position.seq} and was given ${whereOf(entry)}`;
    if (seq <= position.seq) ledger.note("doubled", where);
    else if (seq > position.seq + 1) ledger.note("holes", where);
    position.seq = seq;
    ledger.show(entry, raw);
  }
}
