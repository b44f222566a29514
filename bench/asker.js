// One connection that asks for pages of history and for what was said, one question after the other, and says how long
// each took: from the question until the last line of its answer is there.

import { once } from "node:events";
import { connect } from "node:net";

export async function openAsker(port, { name, rooms }) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const asker = new Asker(socket);
  await once(socket, "connect");
  await asker.ask({ type: "connect", name }, "connected");
  for (const room of rooms) await asker.ask({ type: "join", room }, "joined");
  return asker;
}

class Asker {
  #socket;
  #partial = "";
  /** The question that waits, what its answer begins with, and what has come of it. */
  #question;
  #answer;
  #missing = 0;

  constructor(socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text) => this.#take(text));
    socket.on("close", () => this.#question?.reject(new Error("The server ended the connection.")));
    socket.on("error", (error) => this.#question?.reject(error));
  }

  /** Resolves with the answer, the lines that belong to it, and the milliseconds it took. */
  async ask(request, type = request.type) {
    const start = performance.now();
    const answer = await new Promise((resolve, reject) => {
      this.#question = { resolve, reject, begins: `{"type":"${type}"` };
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
    return { ...answer, ms: performance.now() - start };
  }

  /** Says it and resolves when it has come back. */
  async say(room, id, text) {
    const start = performance.now();
    await new Promise((resolve, reject) => {
      this.#question = { resolve, reject, holds: `"id":"${id}"` };
      this.#socket.write(`${JSON.stringify({ type: "message", room, id, text })}\n`);
    });
    return { ms: performance.now() - start };
  }

  close() {
    this.#question = undefined;
    this.#socket.destroy();
  }

  #take(text) {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop();
    for (const line of lines) this.#takeLine(line);
  }

  #takeLine(line) {
    const question = this.#question;
    if (question === undefined) return;
    if (this.#missing > 0) {
      this.#answer.lines.push(line);
      if (--this.#missing === 0) this.#end();
    } else if (question.holds !== undefined) {
      if (line.includes(question.holds)) this.#end();
    } else if (line.startsWith(question.begins)) {
      const { count = 0, changes = 0, ...rest } = JSON.parse(line);
      this.#answer = { count, changes, ...rest, lines: [] };
      this.#missing = count + changes;
      if (this.#missing === 0) this.#end();
    }
    if (line.startsWith('{"type":"error"') || line.startsWith('{"type":"bye"'))
      question.reject(new Error(line));
  }

  #end() {
    const { resolve } = this.#question;
    this.#question = undefined;
    resolve(this.#answer);
    this.#answer = undefined;
  }
}
