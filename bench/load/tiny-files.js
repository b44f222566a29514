// Many tiny files in one room: shared in one line each over several connections, paged through, and deleted again by
// those who shared them. Each connection keeps so many requests under way.

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";

export class TinyFiles {
  #port;
  #room;
  #people = [];

  constructor(port) {
    this.#port = port;
  }

  async join({ room, connections, inFlight }) {
    this.#room = room;
    const open = (_, n) => openPerson(this.#port, { name: `sharer ${n}`, room, inFlight });
    this.#people = await Promise.all(Array.from({ length: connections }, open));
  }

  /** Shares so many, all different, in all. */
  async share({ count }) {
    const room = this.#room;
    const each = Math.ceil(count / this.#people.length);
    const request = (name) => {
      const data = Buffer.from(`This is ${name}.`).toString("base64");
      return { type: "upload", room, name: `${name}.txt`, data };
    };
    const shareOwn = async (person, n) => {
      const names = Array.from(
        { length: Math.min(each, count - n * each) },
        (_, m) => `file ${n * each + m}`,
      );
      person.seqs = (await person.askAll(names.map(request))).map(({ seq }) => seq);
    };
    await Promise.all(this.#people.map(shareOwn));
    return { shared: this.#people.flatMap(({ seqs }) => seqs).length };
  }

  /** Pages through them all. Tells how many there are, and whether each is older than the one before. */
  async list({ limit }) {
    const [person] = this.#people;
    let [listed, pages, isInOrder, last] = [0, 0, true, Infinity];
    for (let more = true; more; pages++) {
      const after = last === Infinity ? undefined : last;
      const [page] = await person.askAll([{ type: "files", room: this.#room, after, limit }]);
      for (const { seq } of page.files) {
        isInOrder &&= seq < last;
        last = seq;
        listed++;
      }
      more = page.more;
    }
    return { listed, pages, isInOrder };
  }

  async delete() {
    const room = this.#room;
    const deleteOwn = (person) =>
      person.askAll(person.seqs.map((target) => ({ type: "delete", room, target })));
    return { deleted: (await Promise.all(this.#people.map(deleteOwn))).flat().length };
  }

  close() {
    for (const person of this.#people) person.close();
  }
}

async function openPerson(port, { name, room, inFlight }) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const person = new Person(socket, { name, inFlight });
  await person.askAll([{ type: "connect", name }]);
  await person.askAll([{ type: "join", room }]);
  return person;
}

class Person {
  seqs = [];
  #socket;
  #inFlight;
  #ownId;
  #partial = "";
  #asked = 0;
  #waiting = new Map();

  constructor(socket, { name, inFlight }) {
    this.#socket = socket;
    this.#inFlight = inFlight;
    this.#ownId = new RegExp(`"id":"${name}: (\\d+)"`);
    this.name = name;
    socket.setEncoding("latin1");
    socket.on("data", (text) => this.#take(text));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#failAll(new Error("The server ended the connection.")));
  }

  /** Resolves with the answers, in the order of the requests. */
  async askAll(requests) {
    const answers = [];
    let next = 0;
    const askOn = async () => {
      while (next < requests.length) {
        const n = next++;
        answers[n] = await this.#ask(requests[n]);
      }
    };
    await Promise.all(Array.from({ length: this.#inFlight }, askOn));
    return answers;
  }

  close() {
    this.#socket.destroy();
  }

  #ask(request) {
    const asked = this.#asked++;
    this.#socket.write(`${JSON.stringify({ ...request, id: `${this.name}: ${asked}` })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(asked, { resolve, reject }));
  }

  #take(text) {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop();
    for (const line of lines) this.#takeLine(line);
  }

  // Everybody sees everything; what is none of ours is not read.
  #takeLine(line) {
    const asked = Number(this.#ownId.exec(line)?.[1] ?? NaN);
    const waiting = this.#waiting.get(asked);
    if (waiting === undefined) return;
    this.#waiting.delete(asked);
    const answer = JSON.parse(line);
    if (answer.type === "error") waiting.reject(new Error(line));
    else waiting.resolve(answer);
  }

  #failAll(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
