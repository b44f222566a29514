// A client for load: as little work as possible for each line, and every line of its rooms kept raw.

import { connect, type Socket } from "node:net";

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
  readonly #socket: Socket;
  readonly #onEntry: TalkerOptions["onEntry"];
  #partial = "";
  #toJoin: number;
  #hasJoined: () => void = () => undefined;

  private constructor({ port, name, rooms, onEntry }: TalkerOptions) {
    this.name = name;
    this.#onEntry = onEntry;
    this.#toJoin = rooms.length;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("utf8");
    this.#socket.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      this.#socket.on("close", () => {
        resolve();
      }),
    );
    this.#socket.on("data", (text: string) => {
      this.#take(text);
    });
    this.send({ type: "connect", name, room: null });
    for (const room of rooms) this.send({ type: "join", room });
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
    this.#socket.write(`${JSON.stringify(request)}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) this.#read(line);
  }

  #read(line: string): void {
    if (line.startsWith('{"type":"message"')) {
      const { room, seq, from, id } = JSON.parse(line) as Entry;
      this.#onEntry({ room, seq, from, id, line }, this);
    } else if (line.startsWith('{"type":"joined"')) {
      if (--this.#toJoin === 0) this.#hasJoined();
    } else if (line.startsWith('{"type":"error"')) {
      throw new Error(`${this.name} was told ${line}`);
    }
  }
}
