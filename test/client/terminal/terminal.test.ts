// The client at a terminal, keys in and screen out, against a real server. (That it works in a real
// pseudo-terminal, too, is tested in test/e2e.)

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { plainStyles } from "../../../client/chat/styles.js";
import type { ClientOptions } from "../../../client/options.js";
import { openHistory } from "../../../client/terminal/line-history.js";
import { openLiveScreen } from "../../../client/terminal/live-screen.js";
import type { ScreenOptions } from "../../../client/terminal/screen.js";
import { runTerminal } from "../../../client/terminal/terminal.js";
import { cleanUp } from "../../support/cleanup.js";
import { joinRoom } from "../../support/peer.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { VirtualTerminal } from "../../support/virtual-terminal.js";
import { joined, message, replayOf, startFakeServer } from "../fake-server.js";

const ctrlC = "\x03";
const ctrlD = "\x04";

/** Somebody in front of a screen: types, and waits for what it shows. */
class Person {
  readonly exitCode: Promise<number>;
  readonly terminal = new VirtualTerminal({ columns: 100, rows: 40 });
  readonly #keys = new PassThrough();

  constructor(options: Partial<ClientOptions> & { port: number }) {
    const output = this.terminal.stream();
    const defaults = { name: undefined, room: undefined, host: "127.0.0.1", downloads: "-" };
    const surroundings = {
      home: "/nonexistent",
      sessions: "/dev/null/sessions",
      signal: new AbortController().signal,
      styles: plainStyles,
      openScreen: (complete: ScreenOptions["complete"]) =>
        openLiveScreen({ input: this.#keys, output, history: openHistory(undefined), complete }),
    };
    this.exitCode = runTerminal({ ...defaults, isJson: false, waitMs: 0, ...options }, surroundings);
    cleanUp(async () => {
      this.#keys.end();
      await this.exitCode;
    });
  }

  type(keys: string): void {
    this.#keys.write(keys);
  }

  /** What was shown, without what is drawn again and again at the bottom. */
  get shown(): string {
    return this.terminal.text;
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.terminal.sees(text);
  }
}

async function enter(port: number, name: string, room = "lab"): Promise<Person> {
  const person = new Person({ port });
  await person.sees("Your name (empty for a guest's name):");
  person.type(`${name}\r`);
  await person.sees("Room (empty for the lobby):");
  person.type(`${room}\r`);
  await person.sees(`${room}>`);
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
    await alice.sees("lab>");
  });

  it("lets two people talk, see each other come and go, and leave with exit", async () => {
    const { port } = await startServer();
    const alice = await enter(port, "alice");
    const bob = await enter(port, "bob");
    await alice.sees("* bob joined");
    alice.type("hello bob\r");
    await bob.sees(" alice: hello bob");
    bob.type("hello alice\r");
    await alice.sees(" bob: hello alice");
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
    guest.type(ctrlC + ctrlC);
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
    await alice.sees(" bob: text 42");
    expect(alice.shown.match(/you are in lab|#\d+ bob: text \d+/g)).toEqual([
      "you are in lab",
      "#40 bob: text 40",
      "#41 bob: text 41",
      "#42 bob: text 42",
    ]);
    alice.type("/join den\r");
    const join = await peer.next("join");
    expect(join).toMatchObject({ room: "den", last: 10 });
    peer.say(joined(join.id, "den", { name: "alice" }));
    void peer.sayBye();
    expect(peer.received.map(({ type }) => type)).not.toContain("history");
  });

  it("takes what is said off the line, since it comes back with its time", async () => {
    const { port } = await startServer();
    const alice = await enter(port, "alice");
    alice.type("hello\r");
    await alice.sees(" alice: hello");
    alice.type("/users\r");
    await alice.sees("lab> /users\nalice\n");
    expect(alice.shown).not.toContain("lab> hello");
  });

  it("prints what comes above what is being typed", async () => {
    const { port } = await startServer();
    const alice = await enter(port, "alice");
    const bob = await joinRoom(port, "bob");
    await alice.sees("* bob joined");
    alice.type("half a th");
    await alice.sees("half a th");
    bob.send({ type: "message", text: "wait" });
    await alice.sees("bob: wait\n● lab · 2 people\nlab> half a th");
    alice.type("ought\r");
    expect(await bob.next((answer) => answer.type === "message" && answer.from === "alice")).toMatchObject({
      text: "half a thought",
    });
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
    await alice.sees("den>");
    await server.close();
  });

  it("goes from room to room, counts what is said in the others, and shows it there", async () => {
    const { port } = await startServer();
    const bob = await joinRoom(port, "bob");
    const alice = await enter(port, "alice");
    alice.type("/join den\r");
    await alice.sees("den>");
    bob.send({ type: "message", text: "over here" });
    bob.send({ type: "message", text: "and here, Alice" });
    await alice.sees("● den · lab 2! · 1 person");
    await alice.sees("* bob speaks of you in lab; /room lab goes there\n  > #2 bob: and here, Alice");
    expect(alice.shown).not.toContain("over here");
    alice.type("/room\r");
    await alice.sees("  lab (2 new)\n* den");
    alice.type("/room LAB\r");
    await alice.sees(/you are in lab with bob\n\S+ #1 bob: over here\n\S+ #2 bob: and here, Alice\n● lab/);
    alice.type("/room den\r/leave\r");
    await alice.sees("* you have left den and are in lab");
  });

  it("is in no room any more that the server does not let it come back to", async () => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    await alice.sees("lab>");
    peer.socket.destroy();
    const next = await server.accept();
    await next.greet("alice", { resumed: true });
    const { id } = await next.next("join");
    next.say({ type: "error", id, code: "forbidden", message: "This room is not for you." });
    await alice.sees("! This room is not for you.");
    await alice.sees(/● in no room\n> ?$/);
    alice.type("hello\r");
    await alice.sees("! You are in no room; /join one first.");
    void next.sayBye();
  });

  it("rings when somebody speaks of us, and not after /bell", async () => {
    const { port } = await startServer();
    const bob = await joinRoom(port, "bob");
    const alice = await enter(port, "alice");
    bob.send({ type: "message", text: "alicelike" });
    await alice.sees("bob: alicelike");
    expect(alice.terminal.written).not.toContain("\x07");
    bob.send({ type: "message", text: "Alice?" });
    await alice.sees("bob: Alice?");
    expect(alice.terminal.written.split("\x07")).toHaveLength(2);
    alice.type("/bell\r");
    await alice.sees("* the bell is off");
    bob.send({ type: "direct", to: "alice", text: "psst" });
    await alice.sees("bob -> you: psst");
    expect(alice.terminal.written.split("\x07")).toHaveLength(2);
  });

  it("says when another day begins", async () => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    const [first, second, today] = [new Date(2020, 1, 29, 12), new Date(2020, 2, 1, 12), new Date()];
    for (const [at, time] of [first, first, second, today].entries())
      peer.say(message(at + 1, "bob", { time: time.toISOString() }));
    await alice.sees("bob: text 4");
    // Languages' rules for commas change.
    expect(alice.shown.replaceAll(",", "").match(/── .* ──|text \d/g)).toEqual([
      "── Saturday 29 February 2020 ──",
      "text 1",
      "text 2",
      "── Sunday 1 March 2020 ──",
      "text 3",
      expect.stringContaining(String(today.getFullYear())),
      "text 4",
    ]);
    void peer.sayBye();
  });

  it("talks with one person alone, as in a room", async () => {
    const { port } = await startServer();
    const bob = await joinRoom(port, "bob");
    const alice = await enter(port, "alice");
    bob.send({ type: "direct", to: "alice", text: "psst" });
    await alice.sees(" bob -> you: psst");
    alice.type("/reply what?\r");
    expect(await bob.next("direct")).toMatchObject({ text: "psst" });
    expect(await bob.next("direct")).toMatchObject({ text: "what?" });
    alice.type("/msg bob\r");
    await alice.sees(/@bob>$/);
    await alice.sees(/#1 bob -> you: psst\n\S+ #2 you -> bob: what\?/);
    alice.type("well?\r");
    await alice.sees(" #3 you -> bob: well?");
    alice.type("/leave\r");
    await alice.sees(/lab>$/);
  });

  it("says that the server is gone and that it is back, with what was said meanwhile between", async () => {
    const server = await startFakeServer();
    const alice = new Person({ port: server.port, name: "alice", room: "lab" });
    const peer = await server.accept();
    await peer.greet("alice");
    await alice.sees("lab>");
    peer.socket.destroy();
    await alice.sees("* the connection is lost; trying again…");
    alice.type("one\r");

    await alice.sees(/… one\n○ lab · no connection, trying again\nlab>$/);
    alice.type("two\r");
    await alice.sees(/… one\n… two\n○ lab/);
    (await server.accept()).socket.destroy();
    const next = await server.accept();
    await next.greet("alice", { resumed: true });
    await alice.sees("* back again");
    expect(alice.shown.match(/the connection is lost/g)).toHaveLength(1);
    await next.letIn({ name: "alice", replay: [message(1, "bob", { text: "meanwhile" })] });
    const [one, two] = [await next.next("message"), await next.next("message")];
    next.say(
      message(2, "alice", { id: one.id, text: "one" }),
      message(3, "alice", { id: two.id, text: "two" }),
    );
    await alice.sees("bob: meanwhile");
    await alice.sees("alice: one");
    await alice.sees("alice: two");
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
    await alice.sees("* the server has entries 32 to 40 of lab no more");
    await alice.sees("* lab begins anew: its log is not the one that you saw; /history shows it");
    void peer.sayBye();
  });

  it("leaves while the server is gone, with 5 when something was not sent and 130 on Ctrl-C", async () => {
    for (const [typed, code, shown] of [
      ["/quit\r", 0, "/quit"],
      ["hello\r/quit\r", 5, "! 1 line was not sent."],
      ["/join den\r/quit\r", 5, "! 1 line was not sent."],
      [`/join den\r${ctrlD}`, 5, "! 1 line was not sent."],
      [`hello\r${ctrlC}${ctrlC}`, 130, "! Interrupted."],
    ] as const) {
      const server = await startFakeServer();
      const alice = new Person({ port: server.port, name: "alice", room: "lab" });
      await (await server.accept()).greet("alice");
      await alice.sees("lab>");
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
    await alice.sees("lab>");
    peer.socket.destroy();
    const next = await server.accept();
    const { id } = await next.next("connect");
    next.say({ type: "error", id, code: "name-taken", message: "alice is already here" });
    await alice.sees("! alice is already here");
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
    await alice.sees("lab>");
    alice.type(`${line}\r`);
    await peer.next(line.startsWith("/") ? "join" : "message");
    alice.type(ctrlC + ctrlC);
    await peer.sayBye();
    await alice.sees("! Interrupted.");
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
    await alice.sees("! A transfer was stopped.");
    expect(await alice.exitCode).toBe(130);
    expect(peer.received.map(({ type }) => type)).not.toContain("cancel");
  });

  it("empties the line with Ctrl-C, cancels a transfer with the next, and leaves with two more", async () => {
    const { port } = await startServer();
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, Buffer.alloc(200_000_000));
    const alice = await enter(port, "alice");
    alice.type(`upload: ${path}\r`);
    await alice.sees(/lab>$/);
    alice.type("a line that nobody wants");
    await alice.sees("nobody wants");
    alice.type(`${ctrlC}meanwhile\r`);
    await alice.sees("alice: meanwhile");
    alice.type(ctrlC);
    await alice.sees("! The transfer was cancelled; nothing of it is kept.");
    alice.type(ctrlC);
    await alice.sees("* Ctrl-C once more leaves");
    alice.type(ctrlC);
    expect(await alice.exitCode).toBe(0);
  });
});
