// What a session asks besides messages and files: corrections, topics, marks, searches and pages with their changes.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openSession } from "../../../client/session/connect.js";
import type { Session } from "../../../client/session/session.js";
import { cleanUp } from "../../support/cleanup.js";
import { startFlakyNetwork } from "../../support/flaky-network.js";
import { joinRoom } from "../../support/peer.js";
import { startServer, type TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { message } from "../fake-server.js";
import { back, stateOf, talk, waits } from "../lasting-talk.js";

async function enter(port: number, name = "alice", token?: string): Promise<Session> {
  const session = await openSession({ port, name, room: "lab", waits, token });
  cleanUp(() => session.close());
  return session;
}

async function alone(): Promise<{ alice: Session; server: TestServer }> {
  const server = await startServer();
  return { alice: await enter(server.port), server };
}

const time = "2026-11-21T10:00:03.120Z";

describe("A session that changes what was said", () => {
  it("gets each change as its entry, and moves on with it", async () => {
    const { alice } = await alone();
    const { seq: target } = await alice.say("hi");
    expect(await alice.say("there", "lab", { replyTo: target })).toMatchObject({ seq: 2, replyTo: 1 });
    expect(await alice.edit({ target, text: "hello" })).toMatchObject({ seq: 3, target, text: "hello" });
    expect(await alice.react({ target, emoji: "👍" })).toMatchObject({ seq: 4, emoji: "👍", on: true });
    expect(await alice.react({ target, emoji: "👍", on: false })).toMatchObject({ seq: 5, on: false });
    expect(await alice.setTopic("greetings")).toMatchObject({ seq: 6, text: "greetings" });
    expect(await alice.delete({ room: "lab", target })).toMatchObject({ seq: 7, target });
    expect(alice.positions.get("lab")?.seq).toBe(7);
    await expect(alice.edit({ target, text: "again" })).rejects.toMatchObject({ code: "no-such-entry" });
    expect((await alice.join("lab")).topic).toBe("greetings");
  });

  it("deletes a file by its id", async () => {
    const { alice } = await alone();
    const uploaded = await alice.request({ type: "upload", name: "a.txt", data: "aGk=" }, (answer) =>
      answer.type === "file" ? answer : undefined,
    );
    expect(await alice.delete({ file: String(uploaded.file) })).toMatchObject({ target: uploaded.seq });
    expect((await alice.files()).files).toEqual([]);
  });

  it("may change what others said as an operator alone, also after it came back", async () => {
    const { alice, server } = await alone();
    const { seq: target } = await alice.say("rude");
    const network = await startFlakyNetwork(server.port);
    const token = await operatorToken(server);
    const operator = await enter(network.port, "operator", token);
    await expect((await enter(server.port, "bob")).delete({ target })).rejects.toMatchObject({
      code: "forbidden",
    });
    const found = stateOf(operator, "connected");
    network.cut();
    await found;
    expect(await operator.delete({ target })).toMatchObject({ target });
  });

  it("makes a change once that was asked for without a connection", async () => {
    const server = await startServer();
    const network = await startFlakyNetwork(server.port);
    const alice = await enter(network.port);
    const bob = await joinRoom(server.port, "bob");
    const { seq: target } = await alice.say("hi");
    const lost = stateOf(alice, "disconnected");
    network.cut();
    await lost;
    const edited = await alice.edit({ target, text: "hello" });
    expect(edited).toMatchObject({ seq: 2, target });
    await alice.say("done");
    await bob.next(({ text }) => text === "done");
    expect(bob.all("edit")).toEqual([edited]);
  });

  it("is answered by the entry when its answer was lost, and asks once more under the same id", async () => {
    const { server, session, peer } = await talk();
    const editing = session.edit({ target: 40, text: "hello" });
    const { id } = await peer.next("edit");
    peer.socket.destroy();
    const next = await back(server);
    const edit = { type: "edit", room: "lab", seq: 41, time, from: "alice", id, target: 40, text: "hello" };
    await next.letIn({ name: "alice", head: 40 });
    expect(await next.next("edit")).toMatchObject({ id, room: "lab", target: 40, text: "hello" });
    next.say({ type: "recorded", id, room: "lab", seq: 40 });
    const asked = await next.next("history");
    expect(asked).toMatchObject({ room: "lab", after: 39, limit: 1 });
    const header = { type: "history", id: asked.id, room: "lab", from: 40, to: 40, count: 1, more: false };
    next.say(header, { ...edit, seq: 40 });
    expect(await editing).toMatchObject({ type: "edit", seq: 40, target: 40 });
  });

  it("looks up in the conversation what was recorded there", async () => {
    const { server, session, peer } = await talk();
    const saying = session.direct("bob", "psst");
    const { id } = await peer.next("direct");
    peer.socket.destroy();
    const next = await back(server);
    await next.next("direct");
    next.say({ type: "recorded", id, with: "bob", seq: 3 });
    const asked = await next.next("history");
    expect(asked).toMatchObject({ with: "bob", after: 2, limit: 1 });
    expect(asked).not.toHaveProperty("room");
    const entry = { type: "direct", seq: 3, time, from: "alice", to: "bob", id, text: "psst" };
    next.say({ type: "history", id: asked.id, with: "bob", from: 3, to: 3, count: 1, more: false }, entry);
    expect(await saying).toMatchObject({ seq: 3, text: "psst" });
  });

  it("cannot tell what became of a change that another sender would make again", async () => {
    const { server, session, peer } = await talk();
    const editing = session.edit({ target: 40, text: "hello" });
    const failing = expect(editing).rejects.toMatchObject({ code: "connection-lost" });
    await peer.next("edit");
    peer.socket.destroy();
    await back(server, false);
    await failing;
  });

  it("goes on from the newest entry, of whatever kind, when it comes back", async () => {
    const { server, session, peer } = await talk();
    const kinds: string[] = [];
    for (const type of ["edit", "delete", "react", "topic"] as const)
      session.on(type, () => kinds.push(type));
    const entry = { room: "lab", time, from: "bob", target: 40 };
    peer.say(
      { type: "edit", seq: 41, ...entry, text: "x" },
      { type: "delete", seq: 42, ...entry },
      { type: "react", seq: 43, ...entry, emoji: "👍", on: true },
      { type: "topic", seq: 44, ...entry, text: "x" },
    );
    await until(() => kinds.length === 4);
    peer.socket.destroy();
    expect(await (await back(server)).letIn({ name: "alice", head: 44 })).toMatchObject({ since: 44 });
    expect(kinds).toEqual(["edit", "delete", "react", "topic"]);
  });
});

describe("What a session reads", () => {
  it("is marked, and counted above that", async () => {
    const { alice, server } = await alone();
    const bob = await enter(server.port, "bob");
    for (const text of ["one", "two", "three"]) await bob.say(text);
    expect(await alice.markRead(1)).toMatchObject({ room: "lab", seq: 1, unread: 2 });
    expect(await alice.markRead(3, { room: "lab" })).toMatchObject({ seq: 3, unread: 0 });
  });

  it("is told of who types, and no more while it has no connection", async () => {
    const { alice, server } = await alone();
    const bob = await enter(server.port, "bob");
    const typing = new Promise((resolve) => bob.on("typing", resolve));
    await alice.typing();
    expect(await typing).toEqual({ type: "typing", room: "lab", from: "alice" });
    const lost = stateOf(alice, "disconnected");
    await server.close();
    await lost;
    await expect(alice.typing()).resolves.toBeUndefined();
  });

  it("is found by its words, the newest first, page by page", async () => {
    const { alice, server } = await alone();
    const bob = await enter(server.port, "bob");
    for (const number of [1, 2, 3, 4]) await alice.say(`bike ${number}`);
    await bob.say("bike 5");
    const live: unknown[] = [];
    alice.on("message", (entry) => live.push(entry));
    const first = await alice.search({ query: "bik*", from: "alice", limit: 3 });
    expect(first.entries.map(({ seq }) => seq)).toEqual([4, 3, 2]);
    expect(first).toMatchObject({ more: true, count: 3 });
    const rest = await alice.search({ query: "bik*", from: "alice", before: 2 });
    expect(rest.entries).toMatchObject([{ seq: 1, text: "bike 1" }]);
    expect((await alice.search({ query: "plane" })).entries).toEqual([]);
    expect(live).toEqual([]);
  });

  it("is found in a conversation, too", async () => {
    const { alice, server } = await alone();
    const bob = await enter(server.port, "bob");
    await alice.direct("bob", "the secret word");
    const { entries } = await bob.search({ query: "secret", with: "alice" });
    expect(entries).toMatchObject([{ type: "direct", text: "the secret word" }]);
    expect((await bob.search({ query: "secret", room: "lab" })).entries).toEqual([]);
  });

  it("is a page of history with what changes it", async () => {
    const { alice } = await alone();
    for (const text of ["one", "two", "three"]) await alice.say(text);
    await alice.edit({ target: 1, text: "uno" });
    await alice.react({ target: 3, emoji: "👍" });
    const page = await alice.history({ after: 0, limit: 2, changes: true });
    expect(page.entries).toMatchObject([{ text: "one" }, { text: "two" }]);
    expect(page.changes).toMatchObject([{ type: "edit", target: 1, text: "uno" }]);
    expect((await alice.history({ limit: 2 })).changes).toEqual([]);
  });

  it("is put together though other lines, of other places, come between", async () => {
    const { session, peer } = await talk();
    const news: unknown[] = [];
    for (const type of ["message", "direct", "edit"] as const)
      session.on(type, ({ seq }) => news.push(`${type} ${seq}`));
    const [ofLab, ofBob] = [session.history({ changes: true }), session.history({ with: "Bob" })];
    const [lab, bob] = [await peer.next("history"), await peer.next("history")];
    const direct = { type: "direct", time, text: "psst" };
    const edit = { type: "edit", room: "lab", time, from: "bob", target: 1, text: "x" };
    peer.say(
      { type: "history", id: lab.id, room: "lab", from: 1, to: 1, count: 1, more: true, changes: 1 },
      { ...direct, seq: 1, from: "carol", to: "alice" },
      { type: "history", id: bob.id, with: "bob", from: 7, to: 8, count: 2, more: false },
      { ...direct, seq: 7, from: "bob", to: "alice" },
      message(1, "bob"),
      { type: "read", id: "other", with: "bob", seq: 7, unread: 0 },
      { type: "typing", with: "bob", from: "bob" },
      { ...direct, seq: 2, from: "carol", to: "alice" },
      { ...direct, seq: 8, from: "ALICE", to: "bob" },
      { ...edit, seq: 2 },
      { ...edit, seq: 41 },
    );
    const pages = await Promise.all([ofLab, ofBob]);
    expect(pages.map(({ entries }) => entries.map(({ seq }) => seq))).toEqual([[1], [7, 8]]);
    expect(pages[0].changes).toMatchObject([{ type: "edit", seq: 2 }]);
    await until(() => news.length >= 3);
    expect(news).toEqual(["direct 1", "direct 2", "edit 41"]);
  });
});

async function operatorToken({ dataFolder }: TestServer): Promise<string> {
  return (await readFile(join(dataFolder, "operator.token"), "utf8")).trim();
}
