// People who talk at a rate, whatever the server does: so many messages a second in all, and how long each took until
// it came back to who sent it. The time counts from when it was due, so that what had to wait to be sent counts too.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { clearInterval, setInterval } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { openTexts } from "../words.js";

const tickMs = 5;

export class Pace {
  #port;
  #people = [];
  #text = openTexts({ seed: 2 });
  #timer;
  #times = [];
  #sent = 0;

  constructor(port) {
    this.#port = port;
  }

  /** @param rooms of each its name and how many people there are in it */
  async join({ rooms, name = "talker" }) {
    const people = rooms.flatMap(({ room, people: count }) =>
      Array.from(
        { length: count },
        (_, n) => new Person({ port: this.#port, name: `${name}-${room}-${n}`, room }),
      ),
    );
    for (const person of people) person.onOwn = (ms) => this.#times.push(ms);
    await Promise.all(people.map(({ isIn }) => isIn));
    this.#people.push(...people);
  }

  /** From now on, until it is told otherwise. */
  begin({ perSecond }) {
    let due = performance.now();
    let next = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      const count = Math.floor(((now - due) / 1000) * perSecond);
      for (let n = 0; n < count; n++) {
        due += 1000 / perSecond;
        this.#people[next++ % this.#people.length].add(this.#text(), due);
      }
      this.#sent += count;
      for (const person of this.#people) person.flush();
    }, tickMs);
  }

  /** What came back since the last time it was asked; times in ms. */
  take() {
    const times = Float64Array.from(this.#times).sort();
    this.#times = [];
    const at = (share) => times[Math.floor(times.length * share)] ?? null;
    return {
      sent: this.#sent,
      count: times.length,
      p50: at(0.5),
      p99: at(0.99),
      longest: times.at(-1) ?? null,
    };
  }

  /** No more is sent; resolves when all came back. */
  async end({ deadlineMs = 60_000 } = {}) {
    clearInterval(this.#timer);
    const end = performance.now() + deadlineMs;
    while (this.#people.some(({ waiting }) => waiting > 0)) {
      if (performance.now() > end) throw new Error("Not everything came back.");
      await sleep(5);
    }
    return this.take();
  }

  close() {
    clearInterval(this.#timer);
    for (const person of this.#people) person.close();
  }
}

class Person {
  isIn;
  onOwn;
  #socket;
  #own;
  /** When what was sent and has not come back was due, by its id. */
  #due = new Map();
  #lines = "";
  #partial = "";

  constructor({ port, name, room }) {
    this.#own = `"from":"${name}","id":"`;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("latin1");
    this.isIn = new Promise((resolve, reject) => {
      this.#socket.on("error", reject);
      this.#socket.on("data", (text) => {
        if (text.includes('"type":"joined"')) resolve();
        if (text.includes('{"type":"error"')) reject(new Error(text.slice(0, 300)));
        this.#take(text);
      });
    });
    this.#socket.write(`${JSON.stringify({ type: "connect", name, room })}\n`);
  }

  get waiting() {
    return this.#due.size;
  }

  add(text, due) {
    const id = randomBytes(12).toString("base64url");
    this.#due.set(id, due);
    this.#lines += `{"type":"message","id":"${id}","text":"${text}"}\n`;
  }

  flush() {
    if (this.#lines !== "") this.#socket.write(this.#lines);
    this.#lines = "";
  }

  close() {
    this.#socket.destroy();
  }

  #take(text) {
    const now = performance.now();
    const all = this.#partial + text;
    let last = 0;
    for (let at = all.indexOf(this.#own); at !== -1; at = all.indexOf(this.#own, at + 1)) {
      const start = at + this.#own.length;
      const end = all.indexOf('"', start);
      if (end === -1) break;
      const id = all.slice(start, end);
      const due = this.#due.get(id);
      if (due !== undefined) this.onOwn?.(now - due);
      this.#due.delete(id);
      last = end;
    }
    // What may be the beginning of one.
    this.#partial = all.slice(Math.max(last, all.length - this.#own.length - 64));
  }
}
