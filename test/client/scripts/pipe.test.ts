// The client in a script, against a real server: lines in, lines out, and exit codes.

import { readdirSync, statSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import type { ClientOptions } from "../../../client/options.js";
import { runPipe } from "../../../client/scripts/pipe.js";
import { ClientError } from "../../../client/failures.js";
import { cleanUp } from "../../support/cleanup.js";
import { joinRoom } from "../../support/peer.js";
import { startPerson } from "../../support/person.js";
import { startServer, temporaryFolder } from "../../support/server.js";
import { until } from "../../support/until.js";
import { message, startFakeServer } from "../fake-server.js";

/** No session can be kept there, which is nothing to stop for. */
const nowhere = "/dev/null/sessions";

const suspended =
  "* a transfer was stopped; what is there of it is kept, and the same again goes on from there";

interface Outcome {
  readonly code: number;
  /** Lines of stdout, each without its time. */
  readonly out: string[];
  readonly talk: string[];
}

function collector(): { stream: Writable; lines: () => string[] } {
  let text = "";
  const stream = new Writable({
    write(bytes: Buffer, _encoding, done) {
      text += bytes.toString();
      done();
    },
  });
  return { stream, lines: () => text.split("\n").slice(0, -1) };
}

const withoutTime = (line: string) => line.replace(/^(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d /, "");

interface RunOptions extends Partial<ClientOptions> {
  readonly port: number;
}

const defaults = { name: "alice", room: "lab", host: "127.0.0.1", downloads: "-", isJson: false, waitMs: 0 };

async function run(input: Readable | string, options: RunOptions, signal?: AbortSignal): Promise<Outcome> {
  const out = collector();
  const talk = collector();
  const code = await runPipe(
    {
      input: typeof input === "string" ? Readable.from([input]) : input,
      output: out.stream,
      talk: talk.stream,
    },
    { ...defaults, ...options },
    { home: "/nonexistent", sessions: nowhere, signal: signal ?? new AbortController().signal },
  );
  return { code, out: out.lines().map(withoutTime), talk: talk.lines() };
}

describe("The client in a pipe", () => {
  it("says its lines in order, prints them as they are recorded, and ends with 0", async () => {
    const { port } = await startServer();
    const words = Array.from({ length: 500 }, (_, index) => `line ${index}`);
    const { code, out, talk } = await run(words.join("\n"), { port });
    expect(code).toBe(0);
    expect(out).toEqual(words.map((word) => `alice: ${word}`));
    expect(talk).toEqual([
      `* connected to 127.0.0.1:${port} as alice; /help lists commands`,
      "* you are in lab with nobody else yet",
    ]);
  });

  it("gives Node nothing to warn of while many messages are under way", async () => {
    const { port } = await startServer();
    const flags = ["--port", String(port), "--name", "alice", "--room", "lab"];
    const program = startPerson({ cwd: await temporaryFolder(), flags });
    program.type(Array.from({ length: 50 }, (_, index) => `line ${index + 1}.`).join("\n"));
    program.hangUp();
    expect(await program.leaves()).toBe(0);
    expect(program.screen).toContain("line 50.");
    expect(program.screen).not.toContain("Warning");
  });

  it("takes the name and the room from the first lines when no flag gives them", async () => {
    const { port } = await startServer();
    const asked = { port, name: undefined, room: undefined };
    expect((await run("bob\nden\nhello\n", asked)).out).toEqual(["bob: hello"]);
    const guest = await run("\n\nhello\n", asked);
    expect(guest.out).toEqual([expect.stringMatching(/^guest-\S+: hello$/)]);
    expect(guest.talk).toContain("* you are in lobby with nobody else yet");
    expect((await run("", asked)).code).toBe(0);
  });

  it("lists and looks back, after what came before", async () => {
    const { port } = await startServer();
    const typed = "one\ntwo\n/users\n/rooms\n/history 1\n/files\n//slash\n/leave\n/join den\n/users\n";
    const { code, out, talk } = await run(typed, { port });
    expect(code).toBe(0);
    expect(out).toEqual([
      "alice: one",
      "alice: two",
      "alice",
      "lab (1 person here)",
      "#2 alice: two",
      "alice: /slash",
      "alice",
    ]);
    expect(talk.slice(2)).toEqual([
      "* no files yet",
      "* you have left lab and are in no room; /join one",
      "* you are in den with nobody else yet",
    ]);
  });

  it("looks back further than a page", async () => {
    const { port } = await startServer({ limits: { historyCount: 7 } });
    const words = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const { out } = await run([...words, "/history 25"].join("\n"), { port });
    expect(out.slice(30)).toEqual(words.slice(5).map((word, index) => `#${index + 6} alice: ${word}`));
  });

  it("corrects and finds what was said, and looks back at what it says by now", async () => {
    const { port } = await startServer();
    const typed = [
      "the bike is red",
      "nonsense",
      "/edit 1 the bike is blue",
      "/reply #1 which blue?",
      "/react 1 👍",
      "/react 1 ok",
      "/unreact 1 ok",
      "/delete 2",
      "/topic bikes",
      "/topic",
      '/topic ""',
      "/topic",
      "/history",
      "/search blue from:alice",
      "/search car",
    ];
    const { code, out, talk } = await run(typed.join("\n"), { port });
    expect(code).toBe(0);
    expect(out).toEqual([
      "alice: the bike is red",
      "alice: nonsense",
      "alice edited #1: the bike is blue",
      "alice (to #1): which blue?",
      "alice put 👍 under #1",
      "alice put ok under #1",
      "alice took ok back from #1",
      "alice deleted #2",
      "alice set the topic: bikes",
      "alice took the topic away",
      "#1 alice: the bike is blue (edited)",
      "         | 👍 alice",
      "#2 alice: (deleted)",
      "#4 alice (to #1): which blue?",
      "#9 alice set the topic: bikes",
      "#10 alice took the topic away",
      "#3 alice edited #1: the bike is blue",
      "#4 alice (to #1): which blue?",
    ]);
    expect(talk.slice(2)).toEqual(["* topic: bikes", "* the room has no topic", "* nothing was found"]);
  });

  it("says what is wrong with a number, a query or a name", async () => {
    const { port } = await startServer();
    const typed =
      "hi\n/edit x hello\n/delete 0\n/react 1\n/search from:bob\n/msg\n/msg bob\n/msg bob hi\n/delete 7\n";
    const { code, talk } = await run(typed, { port });
    expect(code).toBe(6);
    expect(talk.slice(2)).toEqual([
      "! Usage: /edit <number> <text>",
      "! Usage: /delete <number or file>",
      "! Usage: /react <number> <emoji>",
      "! Say which words to look for.",
      "! Usage: /msg <name> [text]",
      "! Nobody has this name at the moment.",
      "! Nobody has this name at the moment.",
      "! There is no entry of that number, or it was deleted.",
    ]);
  });

  it("talks to one person alone, and shows what is said to it", async () => {
    const { port } = await startServer();
    const bob = await joinRoom(port, "bob the builder");
    const input = new PassThrough();
    const running = run(input, { port });
    input.write('/msg "Bob the Builder" can we fix it?\n');
    expect(await bob.next("direct")).toMatchObject({ from: "alice", text: "can we fix it?" });
    bob.send({ type: "direct", to: "alice", text: "yes\x1b[2J", replyTo: 1 });
    await bob.next("direct");
    bob.send({ type: "edit", with: "alice", target: 2, text: "no" });
    await bob.next("edit");
    input.end();
    expect((await running).out).toEqual(
      expect.arrayContaining([
        "you -> bob the builder: can we fix it?",
        "bob the builder -> you (to #1): yes\\x1b[2J",
        "bob the builder -> you edited #2: no",
      ]),
    );
  });

  it("prints directs and changes with --json, and nothing of what it asks by itself", async () => {
    const server = await startFakeServer();
    const input = new PassThrough();
    const running = run(input, { port: server.port, isJson: true, waitMs: 20_000 });
    const peer = await server.accept();
    const direct = (seq: number) => ({ type: "direct", seq, time: "", from: "bob", to: "alice", text: "hi" });
    const edit = { type: "edit", room: "lab", seq: 1, time: "", from: "bob", target: 1, text: "x" };
    await peer.greet("alice", { following: [edit, direct(1)] });
    peer.socket.end();
    const next = await server.accept();
    await next.greet("alice", { resumed: true });
    const { id } = await next.next("history");
    const list = await next.next("directs");
    next.say({ type: "directs", id: list.id, directs: [], more: false }, direct(3));
    next.say(
      { type: "history", id, with: "bob", from: 2, to: 3, count: 2, more: false },
      direct(2),
      direct(3),
    );
    input.end();
    await next.sayBye();
    const lines = (await running).out.map((line) => JSON.parse(line) as { type: string; seq?: number });
    expect(lines.map(({ type, seq }) => (seq === undefined ? type : `${type} ${seq}`))).toEqual([
      "joined",
      "edit 1",
      "direct 1",
      "direct 2",
      "direct 3",
      "bye",
    ]);
  });

  it("shows the operator's token that a file or the environment has", async () => {
    const { port, dataFolder } = await startServer();
    const bob = await joinRoom(port, "bob");
    await bob.ask({ type: "message", id: "m", text: "rude" });
    const file = join(dataFolder, "operator.token");
    const flags = ["--port", String(port), "--name", "alice", "--room", "lab", "--token-file", file];
    const alice = startPerson({ cwd: dataFolder, flags });
    alice.type("/delete 1");
    await alice.sees("alice deleted #1");
    alice.hangUp();
    expect(await alice.leaves()).toBe(0);
    const wrong = await run("hello\n", { port, token: "wrong" });
    expect(wrong).toMatchObject({ code: 4, talk: [expect.stringMatching(/^! /)] });
    const missing = startPerson({ cwd: dataFolder, flags: ["--token-file", "missing"] });
    expect(await missing.leaves()).toBe(2);
    expect(missing.screen).toBe("Cannot read missing: there is no such file or folder.\n");
  });

  it("uploads and downloads, each before the next line", async () => {
    const { port } = await startServer();
    const folder = await temporaryFolder();
    const path = join(folder, "my cat.txt");
    await writeFile(path, "meow");
    const downloads = join(folder, "in");
    const typed = `upload: "${path}"\nthere it is\ndownload: MY CAT.txt\nsendfile ${path}\n`;
    const { code, out, talk } = await run(typed, { port, downloads });
    expect(code).toBe(0);
    expect(out).toEqual([
      "alice shared my cat.txt (4 bytes, text/plain)  download: my cat.txt",
      "alice: there it is",
      "alice shared my cat.txt (4 bytes, text/plain, version 2)  download: my cat.txt",
    ]);
    const facts = "(4 bytes, sha256 404cdd7bc109)";
    expect(talk).toContain(`* saved ${join(downloads, "my cat.txt")} ${facts}`);
    expect(talk.at(-1)).toBe(`* uploaded my cat.txt ${facts}`);
    expect(await readFile(join(downloads, "my cat.txt"), "utf8")).toBe("meow");
  });

  it("downloads by a name with quotes, in it or around it", async () => {
    const { port } = await startServer();
    const folder = await temporaryFolder();
    for (const name of ['"said"', "plain.txt"]) await writeFile(join(folder, name), name);
    const typed = `upload: ${join(folder, '"said"')}\nupload: ${join(folder, "plain.txt")}\n`;
    expect((await run(typed, { port })).code).toBe(0);
    const downloads = join(folder, "in");
    const { code } = await run('download: "said"\ndownload: "plain.txt"\n', { port, downloads, name: "bob" });
    expect(code).toBe(0);
    expect((await readdir(downloads)).sort()).toEqual(["_said_", "plain.txt"]);
  });

  it("goes on after what fails, says it in a sentence, and ends with 6", async () => {
    const { port } = await startServer();
    const { code, out, talk } = await run(
      "upload: ~/nothing\ndownload: nothing\n/nope\n/history x\nhello\n",
      { port },
    );
    expect(code).toBe(6);
    expect(out).toEqual(["alice: hello"]);
    expect(talk.slice(2)).toEqual([
      "! Cannot read /nonexistent/nothing: there is no such file or folder.",
      "! The room has no such file.",
      expect.stringContaining("! There is no command /nope"),
      "! The count is a number from 1 to 10000.",
    ]);
  });

  it("prints the server's own lines with --json", async () => {
    const { port } = await startServer();
    const { out, code } = await run("hello\n/users\n", { port, isJson: true });
    expect(code).toBe(0);
    const lines = out.map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { type: "joined", room: "lab" },
      { type: "message", from: "alice", text: "hello", seq: 1 },
      { type: "users", users: ["alice"] },
      { type: "bye" },
    ]);
    expect(out.join()).not.toContain("session");
  });

  it("escapes in --json what a terminal would obey or not show", async () => {
    const server = await startFakeServer();
    const input = new PassThrough();
    const running = run(input, { port: server.port, isJson: true });
    const peer = await server.accept();
    const text = "\x9b31m\x7f\u202e\u{e0041}";
    await peer.greet("alice", { following: [message(1, "bob", { text })] });
    input.end();
    await peer.sayBye();
    const { out } = await running;
    expect(out[1]).toContain("\\u009b31m\\u007f\\u202e\\udb40\\udc41");
    expect(JSON.parse(out[1] ?? "")).toMatchObject({ seq: 1, text });
  });

  it("stops at exit", async () => {
    const { port } = await startServer();
    expect(await run("one\nExit\ntwo\n", { port })).toMatchObject({ code: 0, out: ["alice: one"] });
  });

  it("prints what others do, and nothing of them raw", async () => {
    const { port } = await startServer();
    const input = new PassThrough();
    const running = run(input, { port });
    const bob = await joinRoom(port, "bob");
    while ((await bob.ask({ type: "users", id: "u" })).users?.toString() !== "alice,bob");
    bob.send({ type: "message", text: "\x1b[2Jboo\nalice: I did not say this" });
    await bob.next("message");
    input.end();
    const { out } = await running;
    expect(out).toEqual(expect.arrayContaining(["bob: \\x1b[2Jboo", "         | alice: I did not say this"]));
  });

  it("ends with 4 when the name is taken", async () => {
    const { port } = await startServer();
    await joinRoom(port, "alice");
    const { code, talk } = await run("hello\n", { port });
    expect(code).toBe(4);
    expect(talk).toEqual([expect.stringMatching(/^! alice is already here/)]);
  });

  it("ends with 3 when nobody answers", async () => {
    const gone = await startFakeServer();
    await gone.close();
    const { code, talk } = await run("hello\n", { port: gone.port });
    expect(code).toBe(3);
    expect(talk).toEqual([`! No server answers at 127.0.0.1:${gone.port} (ECONNREFUSED).`]);
  });

  it("ends with 5 when the server goes, though its input goes on", async () => {
    const server = await startFakeServer();
    const input = new PassThrough();
    const running = run(input, { port: server.port });
    const peer = await server.accept();
    await peer.greet("alice");
    input.write("hello\n");
    await peer.next("message");
    peer.say({ type: "bye", code: "shutting-down", message: "Back soon.", retry: true });
    peer.socket.end();
    const { code, talk } = await running;
    expect(code).toBe(5);
    expect(talk.at(-1)).toBe("! The server said goodbye. Back soon.");
  });

  it("comes back by itself, says everything once, and ends with 0 when all was answered", async () => {
    const server = await startFakeServer();
    const input = new PassThrough();
    const running = run(input, { port: server.port, isJson: true, waitMs: 20_000 });
    const peer = await server.accept();
    const first = await peer.greet("alice", { head: 5 });
    expect(first).not.toHaveProperty("last");
    input.write("one\n");
    const { id } = await peer.next("message");
    peer.socket.destroy();
    input.end("two\n");
    const next = await server.accept();
    await next.greet("alice", { resumed: true });
    const replay = [message(6, "bob"), message(7, "alice", { id, text: "one" })];
    await next.letIn({ name: "alice", replay });
    expect(await next.next("message")).toMatchObject({ id, text: "one" });
    const two = await next.next("message");
    next.say({ type: "recorded", id, room: "lab", seq: 7 }, message(8, "alice", { id: two.id, text: "two" }));
    await next.sayBye();
    const { code, out, talk } = await running;
    expect(code).toBe(0);
    const lines = out.map((line) => JSON.parse(line) as { type: string; seq?: number });
    expect(lines.map(({ type }) => type)).toEqual([
      "joined",
      "joined",
      "history",
      "message",
      "message",
      "live",
      "recorded",
      "message",
      "bye",
    ]);
    expect(lines.flatMap(({ type, seq }) => (type === "message" ? [seq] : []))).toEqual([6, 7, 8]);
    expect(out.join()).not.toContain("secret");
    expect(talk.slice(2)).toEqual(["* the connection is lost; trying again…", "* back again"]);
  });

  it("ends with 5 when the server is not back in time", async () => {
    const server = await startFakeServer();
    const input = new PassThrough();
    const running = run(input, { port: server.port, waitMs: 200 });
    const peer = await server.accept();
    await peer.greet("alice");
    input.end("hello\n");
    await peer.next("message");
    await server.close();
    const { code, talk } = await running;
    expect(code).toBe(5);
    expect(talk.slice(2)).toEqual([
      "* the connection is lost; trying again…",
      "! The connection to the server is lost.",
    ]);
  });

  it("ends with 6 and says so when it cannot know whether a message was recorded", async () => {
    const server = await startFakeServer();
    const running = run("hello\n", { port: server.port, waitMs: 20_000 });
    const peer = await server.accept();
    await peer.greet("alice");
    await peer.next("message");
    peer.socket.destroy();
    const next = await server.accept();
    await next.greet("alice", { resumed: false });
    await next.sayBye();
    const { code, talk } = await running;
    expect(code).toBe(6);
    expect(talk.at(-1)).toContain("may or may not have been recorded");
  });

  it("ends with 130 when it is interrupted, also while it waits for a server", async () => {
    const { port } = await startServer();
    const stop = new AbortController();
    const input = new PassThrough();
    const running = run(input, { port }, stop.signal);
    const bob = await joinRoom(port, "bob");
    while ((await bob.ask({ type: "users", id: "u" })).users?.toString() !== "alice,bob");
    stop.abort(new ClientError("interrupted", "Interrupted."));
    expect((await running).code).toBe(130);
    const gone = await startFakeServer();
    await gone.close();
    const waiting = run("x", { port: gone.port, waitMs: 60_000 }, stop.signal);
    expect((await waiting).code).toBe(130);
  });

  it("leaves an upload where it is when it is interrupted, and says that it can be gone on with", async () => {
    const server = await startFakeServer();
    const stop = new AbortController();
    const path = join(await temporaryFolder(), "file");
    await writeFile(path, "x");
    const running = run(`upload: ${path}\n`, { port: server.port }, stop.signal);
    const peer = await server.accept();
    await peer.greet("alice");
    const { id } = await peer.next("upload");
    peer.say({ type: "uploading", id, upload: "u", offset: 0 });
    await peer.next("chunk");
    stop.abort(new ClientError("interrupted", "Interrupted."));
    await peer.sayBye();
    const { code, talk } = await running;
    expect(code).toBe(130);
    expect(talk.slice(2)).toEqual([suspended, "! Interrupted."]);
    expect(peer.received.map(({ type }) => type)).not.toContain("cancel");
  });

  it("stops a download before it says quit, when it is interrupted, and keeps what came", async () => {
    const server = await startFakeServer();
    const stop = new AbortController();
    const downloads = await temporaryFolder();
    const running = run("download: x\n", { port: server.port, downloads }, stop.signal);
    const peer = await server.accept();
    await peer.greet("alice");
    const { id } = await peer.next("download");
    const facts = {
      file: "c0",
      name: "x",
      version: 1,
      size: 400_000,
      mime: "text/plain",
      sha256: "0".repeat(64),
    };
    peer.say({ type: "downloading", id, ...facts, offset: 0 });
    const data = Buffer.alloc(60_000).toString("base64");
    for (let sent = 0; sent < 6; sent++) peer.say({ type: "chunk", id, offset: sent * 60_000, data });
    const sizes = () => readdirSync(downloads).map((name) => statSync(join(downloads, name)).size);
    await until(() => sizes().some((size) => size > 0));
    stop.abort(new ClientError("interrupted", "Interrupted."));
    peer.say({ type: "cancelled", id: (await peer.next("cancel")).id });
    await peer.sayBye();
    const { code, talk } = await running;
    expect(code).toBe(130);
    expect(talk.slice(2)).toEqual([suspended, "! Interrupted."]);
    expect(sizes()).toEqual([expect.any(Number)]);
  });

  it("ends with 130 when it is interrupted while messages are under way, and says so once", async () => {
    const server = await startFakeServer();
    const stop = new AbortController();
    const running = run("one\ntwo\n", { port: server.port }, stop.signal);
    const peer = await server.accept();
    await peer.greet("alice");
    await peer.next("message");
    await peer.next("message");
    stop.abort(new ClientError("interrupted", "Interrupted."));
    await peer.sayBye();
    const { code, talk } = await running;
    expect(code).toBe(130);
    expect(talk.slice(2)).toEqual(["! Interrupted."]);
  });

  it("ends quietly when nobody reads it any more", async () => {
    const { port } = await startServer();
    const output = new Writable({
      write(_bytes, _encoding, done) {
        done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      },
    });
    const talk = collector();
    const input = new PassThrough();
    cleanUp(() => Promise.resolve(input.destroy()));
    input.write("one\ntwo\n");
    const code = await runPipe(
      { input, output, talk: talk.stream },
      { ...defaults, port },
      { home: "/", sessions: nowhere, signal: new AbortController().signal },
    );
    expect(code).toBe(0);
    expect(talk.lines()).toHaveLength(2);
  });

  it("reads no more from the server while its output is full", async () => {
    const server = await startFakeServer();
    let release: () => void = () => undefined;
    const written: string[] = [];
    const output = new Writable({
      highWaterMark: 1,
      write(bytes: Buffer, _encoding, done) {
        written.push(bytes.toString());
        release = done;
      },
    });
    const input = new PassThrough();
    const running = runPipe(
      { input, output, talk: collector().stream },
      { ...defaults, port: server.port },
      { home: "/", sessions: nowhere, signal: new AbortController().signal },
    );
    const peer = await server.accept();
    await peer.greet("alice");
    const entry = { type: "message", room: "lab", time: "", from: "bob", text: "x".repeat(10_000) };
    // More than every buffer on the way holds: it can only be written when it is read.
    const lines = Array.from(
      { length: 3_000 },
      (_, index) => JSON.stringify({ ...entry, seq: index + 1 }) + "\n",
    );
    peer.socket.write(lines.join(""));
    await until(() => written.length > 0);
    let heldBytes = 0;
    while (written.length < lines.length) {
      heldBytes = Math.max(heldBytes, output.writableLength);
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    release();
    // The line that is being written and, at most, one behind it.
    expect(heldBytes).toBeLessThan(30_000);
    input.end();
    await peer.sayBye();
    expect(await running).toBe(0);
  });
});
