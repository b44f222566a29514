// `users`, `rooms` and `files`: one line each, a page at a time, every item once.

import { joinRoom, openPeer, type Answer, type Peer } from "../../support/peer.js";
import { startServer } from "../../support/server.js";

/** All pages of a list, each asked for after the last item of the one before. */
async function pages(peer: Peer, type: string, key: (item: unknown) => unknown) {
  const answers: Answer[] = [];
  const items: unknown[] = [];
  for (let after: unknown; answers.length < 50; after = key(items.at(-1))) {
    const answer = await peer.ask({ type, id: `p${answers.length}`, after });
    answers.push(answer);
    items.push(...(answer[type] as unknown[]));
    if (answer.more !== true) break;
  }
  return { sizes: answers.map((answer) => (answer[type] as unknown[]).length), items };
}

describe("users", () => {
  it("names everybody once over its pages", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "zoë");
    const names = ["Zoe 2", "ällan", "Ångström", "😀", "ﬁ", "Σίσυφος", "constructor", '"', "ß"];
    for (let n = 0; n < 215; n++) names.push(`user ${n}`);
    const others = await Promise.all(names.map(() => openPeer(port)));
    others.forEach((other, n) => other.send({ type: "connect", name: names[n], room: "lab" }));
    for (const other of others) await other.next("joined");
    const { sizes, items } = await pages(peer, "users", (name) => name);
    expect(sizes).toEqual([100, 100, 25]);
    expect(new Set(items)).toEqual(new Set([...names, "zoë"]));
    expect(items).toHaveLength(names.length + 1);
    const joined = await peer.ask({ type: "join", id: "j", room: "lab" });
    expect(joined).toMatchObject({ memberCount: 225 });
    expect(joined).not.toHaveProperty("members");
  });

  it("keeps to its limit", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "b");
    await joinRoom(port, "a");
    expect(await peer.ask({ type: "users", id: "1", limit: 1 })).toMatchObject({ users: ["a"], more: true });
    expect(await peer.ask({ type: "users", id: "2", limit: 1e9 })).toMatchObject({
      users: ["a", "b"],
      more: false,
    });
    expect(await peer.ask({ type: "users", id: "3", after: "B" })).toMatchObject({ users: [], more: false });
  });
});

describe("rooms", () => {
  it("lists every room with members or entries once over its pages", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    await peer.ask({ type: "connect", id: "c", name: "peer", room: null });
    const names = ["Zoo", "ällan", "😀", "ﬁ", "\uff5e", "constructor", "__proto__"];
    for (let n = 0; n < 200; n++) names.push(`room ${n}`);
    const spoken = names.map((room) => [
      { type: "join", room },
      { type: "message", room, text: "hi" },
      { type: "leave", room },
    ]);
    await peer.answersTo(
      spoken
        .flat()
        .map((request) => `${JSON.stringify(request)}\n`)
        .join(""),
    );
    for (const room of ["silent", "quiet 1"]) await peer.ask({ type: "join", id: "j", room });
    const { sizes, items } = await pages(peer, "rooms", (item) => (item as { room: string }).room);
    expect(sizes).toEqual([100, 100, 9]);
    const counts = new Map(items.map((item) => Object.values(item as object) as [string, number]));
    expect(new Set(counts.keys())).toEqual(new Set([...names, "silent", "quiet 1"]));
    expect(counts.get("silent")).toBe(1);
    expect(counts.get("Zoo")).toBe(0);
  });

  it("forgets a room that nobody spoke in when the last one leaves", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer", "silent");
    await peer.ask({ type: "leave", id: "l" });
    expect(await peer.ask({ type: "rooms", id: "r" })).toMatchObject({ rooms: [], more: false });
  });
});

describe("files", () => {
  it("lists every version once over its pages, newest first, in lines that are short enough", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, '"'.repeat(64));
    const name = '"'.repeat(250);
    const uploads = Array.from(
      { length: 205 },
      (_, n) => `${JSON.stringify({ type: "upload", name: `${name}${n % 5}.x`.slice(0, 255), data: "" })}\n`,
    );
    await peer.answersTo(uploads.join(""));
    const { sizes, items } = await pages(peer, "files", (item) => (item as { seq: number }).seq);
    expect(sizes).toEqual([100, 100, 5]);
    expect(items.map((item) => (item as { seq: number }).seq)).toEqual(
      Array.from({ length: 205 }, (_, n) => 205 - n),
    );
    expect(items[0]).toMatchObject({ from: '"'.repeat(64), version: 41, size: 0 });
    for (const line of peer.all("files"))
      expect(Buffer.byteLength(JSON.stringify(line))).toBeLessThanOrEqual(128 * 1024);
  });

  it("of one name are its versions, however it is written, newest first, a page at a time", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const names = ["A.txt", "b.txt", "a.TXT", "a.txt", "b.txt"];
    for (const name of names)
      await peer.ask({ type: "upload", id: `${peer.received.length}`, name, data: "" });
    expect(await peer.ask({ type: "files", id: "1", name: "a.txt", limit: 2 })).toMatchObject({
      files: [
        { name: "a.txt", version: 3, seq: 4 },
        { name: "a.TXT", version: 2, seq: 3 },
      ],
      more: true,
    });
    expect(await peer.ask({ type: "files", id: "2", name: "A.TXT", limit: 2, after: 3 })).toMatchObject({
      files: [{ name: "A.txt", version: 1, seq: 1 }],
      more: false,
    });
    expect(await peer.ask({ type: "files", id: "3", name: "c.txt" })).toMatchObject({
      files: [],
      more: false,
    });
    expect(await peer.ask({ type: "files", id: "4", name: "../a" })).toMatchObject({ code: "bad-name" });
  });
});
