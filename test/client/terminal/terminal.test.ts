// The client at a terminal, keys in and screen out, against a real server. (That it works in a real
// pseudo-terminal, too, is tested in test/e2e.)

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import type { ClientOptions } from "../../../client/options.js";
import { runTerminal } from "../../../client/terminal/terminal.js";
import { cleanUp } from "../../support/cleanup.js";
import { joinRoom } from "../../support/peer.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { joined, message, replayOf, startFakeServer } from "../fake-server.js";

const ctrlC = "\x03";
const ctrlD = "\x04";
const deadlineMs = 15_000;

/** Somebody in front of a screen: types, and waits for what it shows. */
class Person {
  readonly exitCode: Promise<number>;
  readonly #keys = new PassThrough();
  #shown = "";
  #seen = 0;
  #wake: () => void = () => undefined;

  constructor(options: Partial<ClientOptions> & { port: number }) {
    const output = new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        this.#shown += bytes.toString();
        this.#wake();
        done();
      },
    });
    const defaults = { name: undefined, room: undefined, host: "127.0.0.1", downloads: "-" };
    const surroundings = {
      home: "/nonexistent",
      sessions: "/dev/null/sessions",
      signal: new AbortController().signal,
    };
    this.exitCode = runTerminal(
      { input: this.#keys, output: Object.assign(output, { columns: 80 }) },
      { ...defaults, isJson: false, waitMs: 0, ...options },
      surroundings,
    );
    cleanUp(async () => {
      this.#keys.end();
      await this.exitCode;
    });
  }

  type(keys: string): void {
    this.#keys.write(keys);
  }

  /** Waits until this is shown, after what was waited for before. Resolves with what came between. */
  async sees(text: string): Promise<string> {
    for (;;) {
      const at = this.#shown.indexOf(text, this.#seen);
      if (at !== -1) {
        const between = this.#shown.slice(this.#seen, at);
        this.#seen = at + text.length;
        return between;
      }
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`Never shown: ${text}. What was: ${this.#shown.slice(-500)}`));
        }, deadlineMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

async function enter(port: number, name: string, room = "lab"): Promise<Person> {
  const person = new Person({ port });
  await person.sees("Your name (empty for a guest's name): ");
  person.type(`${name}\r`);
  await person.sees("Room (empty for the lobby): ");
  person.type(`${room}\r`);
  await person.sees(`${room}> `);
  return person;
}

describe("The client at a terminal", () => {
  it("asks for a name and a room, and says who is there", async () => {
    const { port } = await startServer();
    await joinRoom(port, "bob");
    const alice = new Person({ port });
    await alice.sees("Your name");
    alice.type("alice\r");
    await alice.sees("Room");
    alice.type("lab\r");
    await alice.sees(`* connected to 127.0.0.1:${port} as alice`);
    await alice.sees("* you are in lab with bob");
    await alice.sees("lab> ");
  });

  it("lets two people talk, see each other come and go, and leave with exit", async () => {
    const { port } = await startServer();
    const alice = await enter(port, "alice");
    const bob = await enter(port, "bob");
    await alice.sees("* bob joined");
    alice.type("hello bob\r");
    await bob.sees(" alice: hello bob\n");
    bob.type("hello alice\r");
    await alice.sees(" bob: hello alice\n");
    bob.type("exit\r");
    expect(await bob.exitCode).toBe(0);
    await alice.sees("* bob left");
    alice.type(ctrlD);
    expect(await alice.exitCode).toBe(0);
  });

  it("gives a guest's name and the lobby to who only presses Enter", async () => {
    const { port } = await startServer();
    const guest = new Person({ port });
    guest.type("\r\r");
    await guest.sees(" as guest-");
    await guest.sees("* you are in lobby");
    guest.type(ctrlC);
    expect(await guest.exitCode).toBe(0);
  });

  it("asks again when the name is taken or not allowed", async () => {
    const { port } = await startServer();
    await joinRoom(port, "alice");
    const person = new Person({ port, name: "alice", room: "lab" });
    await person.sees("! alice is already here");
    await person.sees("Your name");
    person.type("a/b\r");
    await person.sees("! A name has a slash.");
    await person.sees("Your name");
    person.type("carol\r");
    await person.sees("Room");
    person.type("lab\r");
    await person.sees("as carol");
  });

  it("shows what was said before, once, and what is said meanwhile below it", async () => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    const { id, last } = await peer.greet("alice", { head: 41 });
    expect(last).toBe(10);
    const entries = [message(40, "bob"), message(41, "bob")];
    peer.say(...replayOf({ id: String(id), room: "lab", head: 41 }, entries), message(42, "bob"));
    const shown = await alice.sees(" bob: text 42");
    expect(shown.match(/you are in lab|#\d+ bob: text \d+/g)).toEqual([
      "you are in lab",
      "#40 bob: text 40",
      "#41 bob: text 41",
    ]);
    expect(shown).not.toContain("#42");
    alice.type("/join den\r");
    const join = await peer.next("join");
    expect(join).toMatchObject({ room: "den", last: 10 });
    peer.say(joined(join.id, "den", { name: "alice" }));
    void peer.sayBye();
    expect(peer.received.map(({ type }) => type)).not.toContain("history");
  });

  it("takes what is said off the screen, since it comes back with its time", async () => {
    const { port } = await startServer();
    const alice = await enter(port, "alice");
    alice.type("hello\r");
    await alice.sees("hello\r\n\x1b[1A\r\x1b[J");
    await alice.sees(" alice: hello\n");
    alice.type("/users\r");
    expect(await alice.sees("alice\n")).not.toContain("\x1b[1A");
  });

  it("prints what comes above what is being typed, and draws that again", async () => {
    const { port } = await startServer();
    const alice = await enter(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.sees("* bob joined");
    alice.type("half a th");
    await alice.sees("th");
    bob.send({ type: "message", text: "wait" });
    await alice.sees("\r\x1b[J");
    await alice.sees("bob: wait\n");
    await alice.sees("lab> half a th");
    alice.type("ought\r");
    expect(await bob.next((answer) => answer.from === "alice")).toMatchObject({ text: "half a thought" });
  });

  it("lets one talk while a file is sent, and tells when something failed", async () => {
    const { port } = await startServer();
    const path = join(await temporaryFolder(), "big file.bin");
    await writeFile(path, Buffer.alloc(20_000_000));
    const alice = await enter(port, "alice");
    alice.type(`upload: ${path}\rmeanwhile\r`);
    await alice.sees("alice: meanwhile");
    await alice.sees("alice shared big file.bin (19.1 MiB, application/octet-stream)");
    alice.type("upload: ~/nothing\r");
    await alice.sees("! Cannot read /nonexistent/nothing: there is no such file or folder.");
    alice.type("/help\r");
    await alice.sees("download: <name>");
  });

  it("says what is typed behind /join in the new room, also while a file is sent", async () => {
    const server = await startFakeServer();
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, "x");
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    alice.type(`upload: ${path}\r`);
    await peer.next("upload");
    alice.type("/join den\rhello\r");
    const { id } = await peer.next("join");
    peer.say(joined(id, "den", { name: "alice" }));
    expect(await peer.next("message")).toMatchObject({ text: "hello", room: "den" });
    await alice.sees("den> ");
    await server.close();
  });

  it("goes from room to room and marks lines of the others", async () => {
    const { port } = await startServer();
    const bob = await joinRoom(port, "bob");
    const alice = await enter(port, "alice");
    alice.type("/join den\r");
    await alice.sees("den> ");
    bob.send({ type: "message", text: "over here" });
    await alice.sees(" [lab] bob: over here");
    alice.type("/leave\r");
    await alice.sees("* you have left den and are in lab");
    await alice.sees("lab> ");
  });

  it("says that the server is gone and that it is back, with what was said meanwhile between", async () => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    await alice.sees("lab> ");
    peer.socket.destroy();
    await alice.sees("* the connection is lost; trying again…\n");
    alice.type("one\r");
    await alice.sees("one\r\n");
    expect(await alice.sees("* 1 line waits to be sent\n")).not.toContain("\x1b[1A");
    alice.type("two\r");
    await alice.sees("* 2 lines wait to be sent\n");
    (await server.accept()).socket.destroy();
    const next = await server.accept();
    await next.greet("alice", { resumed: true });
    expect(await alice.sees("* back again\n")).not.toContain("the connection is lost");
    await next.letIn({ name: "alice", replay: [message(1, "bob", { text: "meanwhile" })] });
    const [one, two] = [await next.next("message"), await next.next("message")];
    next.say(
      message(2, "alice", { id: one.id, text: "one" }),
      message(3, "alice", { id: two.id, text: "two" }),
    );
    await alice.sees("bob: meanwhile\n");
    await alice.sees("alice: one\n");
    await alice.sees("alice: two\n");
    const bye = next.sayBye();
    alice.type("/quit\r");
    await bye;
    expect(await alice.exitCode).toBe(0);
  });

  it("tells of a log that has lost entries or begins anew", async () => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    const { id } = await peer.greet("alice", { head: 41 });
    const header = { type: "history", id, room: "lab", from: 41, to: 41, count: 0, more: false };
    peer.say({ ...header, lost: { from: 32, to: 40 } }, { ...header, reset: true });
    await alice.sees("* the server has entries 32 to 40 of lab no more\n");
    await alice.sees("* lab begins anew: its log is not the one that you saw; /history shows it\n");
    void peer.sayBye();
  });

  it("leaves while the server is gone, with 5 when something was not sent and 130 on Ctrl-C", async () => {
    for (const [typed, code, shown] of [
      ["/quit\r", 0, "/quit"],
      ["hello\r/quit\r", 5, "! 1 line was not sent.\n"],
      ["/join den\r/quit\r", 5, "! 1 line was not sent.\n"],
      [`/join den\r${ctrlD}`, 5, "! 1 line was not sent.\n"],
      [`hello\r${ctrlC}`, 130, "! Interrupted.\n"],
    ] as const) {
      const server = await startFakeServer();
      const alice = new Person({ port: server.port, name: "alice", room: "lab" });
      await (await server.accept()).greet("alice");
      await alice.sees("lab> ");
      await server.close();
      await alice.sees("* the connection is lost");
      alice.type(typed);
      await alice.sees(shown);
      expect(await alice.exitCode).toBe(code);
    }
  });

  it("ends with 4 when somebody else has the name meanwhile", async () => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    await alice.sees("lab> ");
    peer.socket.destroy();
    const next = await server.accept();
    const { id } = await next.next("connect");
    next.say({ type: "error", id, code: "name-taken", message: "alice is already here" });
    await alice.sees("! alice is already here\n");
    expect(await alice.exitCode).toBe(4);
  });

  it("takes what is typed while it waits for a server, and ends with 130 on Ctrl-C", async () => {
    const gone = await startFakeServer();
    await gone.close();
    const alice = new Person({ port: gone.port, waitMs: 60_000 });
    alice.type("alice\rlab\rtyped ahead\r");
    await alice.sees(`* No server answers at 127.0.0.1:${gone.port} (ECONNREFUSED). Trying for 60 s.`);
    const server = await startFakeServer(gone.port);
    const peer = await server.accept();
    await peer.greet("alice");
    expect(await peer.next("message")).toMatchObject({ text: "typed ahead" });
    await server.close();
    const bob = new Person({ port: gone.port, name: "bob", room: "", waitMs: 60_000 });
    await bob.sees("Trying for 60 s.");
    bob.type(ctrlC);
    expect(await bob.exitCode).toBe(130);
  });

  it.each(["/join den", "hello"])("ends with 130 on Ctrl-C when nothing answers %j", async (line) => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    await alice.sees("lab> ");
    alice.type(`${line}\r`);
    await peer.next(line.startsWith("/") ? "join" : "message");
    alice.type(ctrlC);
    await peer.sayBye();
    await alice.sees("! Interrupted.\n");
    expect(await alice.exitCode).toBe(130);
  });

  it("stops a transfer when the person leaves, and keeps what is there", async () => {
    const server = await startFakeServer();
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, "x");
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    alice.type(`upload: ${path}\r`);
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    alice.type("/quit\r");
    await peer.sayBye();
    await alice.sees("* a transfer was stopped; what is there of it is kept");
    await alice.sees("! A transfer was stopped.\n");
    expect(await alice.exitCode).toBe(130);
    expect(peer.received.map(({ type }) => type)).not.toContain("cancel");
  });

  it("cancels a transfer with Ctrl-C and goes on, and is ended by the next one", async () => {
    const { port } = await startServer();
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, Buffer.alloc(200_000_000));
    const alice = await enter(port, "alice");
    alice.type(`upload: ${path}\r`);
    await alice.sees("lab> ");
    alice.type("a line that is not done yet");
    alice.type(ctrlC);
    await alice.sees("! The transfer was cancelled; nothing of it is kept.");
    alice.type(", and is now\r");
    await alice.sees("alice: a line that is not done yet, and is now");
    alice.type(ctrlC);
    expect(await alice.exitCode).toBe(0);
  });
});
