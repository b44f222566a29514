// A client for load: it joins its rooms and hands over every message of them.

import type { Answer } from "./peer.js";
import { RawPeer } from "./raw-peer.js";

export interface Entry {
  readonly room: string;
  readonly seq: number;
  readonly from: string;
  readonly id: string;
  readonly line: string;
}

export interface TalkerOptions {
  readonly port: number;
  readonly name: string;
  readonly rooms: readonly string[];
  /** Called with every entry, in order. */
  readonly onEntry: (entry: Entry, talker: Talker) => void;
}

export class Talker {
  readonly name: string;
  readonly closed: Promise<void>;
  readonly #peer: RawPeer;
  readonly #onEntry: TalkerOptions["onEntry"];
  #toJoin: number;
  #hasJoined: () => void = () => undefined;

  private constructor({ port, name, rooms, onEntry }: TalkerOptions) {
    this.name = name;
    this.#onEntry = onEntry;
    this.#toJoin = rooms.length;
    this.#peer = new RawPeer({
      port,
      firstWords: [{ type: "connect", name, room: null }, ...rooms.map((room) => ({ type: "join", room }))],
      onLine: (answer, raw) => {
        this.#read(answer, raw);
      },
    });
    this.closed = this.#peer.closed;
  }

  /** Resolves when the talker is in all its rooms. */
  static async open(options: TalkerOptions): Promise<Talker> {
    const talker = new Talker(options);
    await new Promise<void>((resolve, reject) => {
      talker.#hasJoined = resolve;
      void talker.closed.then(() => {
        reject(new Error(`${options.name} was closed before it had joined`));
      });
    });
    return talker;
  }

  send(request: object): void {
    this.#peer.send(request);
  }

  close(): void {
    this.#peer.cut();
  }

  #read({ type, room, seq, from, id }: Answer, line: string): void {
    if (type === "message") {
      const entry = { room: String(room), seq: Number(seq), from: String(from), id: String(id), line };
      this.#onEntry(entry, this);
    } else if (type === "joined") {
      if (--this.#toJoin === 0) this.#hasJoined();
    } else if (type === "error") {
      throw new Error(`${this.name} was told ${line}`);
    }
  }
}
