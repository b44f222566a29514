// Names of people, rooms and files on the wire: HOSTILE N1-N5. A name is data and never becomes a path.

import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { joinRoom, openPeer } from "../support/peer.js";
import { startServer } from "../support/server.js";
import { downloadFile, keptFiles, ownFile, sha256 } from "./handlers/transfers.js";

const refused = [
  "../x", "..\\x", "a/../../x", "/etc/passwd", "\\\\host\\share", "C:x", "c:\\x", "a/b", "a\\b", ".", "..",
  "．．／x", "x／y", "＼x", "Ｃ:x",
  "a\0b", "a\rb", "a\nb", "a\tb", "a\u001b[2J", "a\u007f", "a\u0085b", "a\u009b31m",
  "a\u202egpj.exe", "a\u2066b", "a\u200bb", "a\u200db", "a\ufeff", "\u00ad", "a\u2028b", "\u3164", "\u2800",
  "%2e%2e%2fx", "%252e%252e%252fx", "a%5cb", "%00",
  "", " ", "   ", " a", "a ", "\u00a0a", "a\u3000",
]; // prettier-ignore

const allowedFiles = [
  "blobs", "unfinished", "roomline.db", "roomline.db-wal", "session.key", ".part", "x.json", ".hidden", "...",
  "-rf", "--help", "~", "~root", "*", "?", "$(id)", "`id`", "a;b", "a|b", "a&b", "a'b", 'a"b', "<script>.html",
  "100%", "a%20b", "CON", "NUL.txt", "COM1", "com¹.txt", "CLOCK$", "CONIN$", "LPT9.tar.gz",
  "name:stream", "file.txt.", "trailing.dot..", "Übung — final (2).pdf", "日本語.txt", "👩‍👩‍👧.png", "constructor",
  "__proto__", "x".repeat(255), "é".repeat(127), "file=1; filename*=x",
]; // prettier-ignore

describe("Names on the wire", () => {
  it("are refused with one bad-name when they are paths, controls, invisible or blank", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer");
    const requests = refused.flatMap((name) => [
      { type: "join", room: name },
      { type: "upload", name, data: "" },
      { type: "upload", name, size: 1 },
      { type: "download", name },
      { type: "message", room: name, text: "hi" },
      { type: "rooms", after: name },
    ]);
    const asked = requests.map((request, n) => ({ ...request, id: `${n}` }));
    const answers = await peer.answersTo(...asked);
    const codes = new Map(answers.map(({ id, code }) => [id, code]));
    expect(asked.map(({ id, ...request }) => [request, codes.get(id)])).toEqual(
      requests.map((request) => [request, "bad-name"]),
    );
    expect(answers).toHaveLength(asked.length);
  });

  it("are refused for people before they connect; an empty one alone makes a guest", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    const names = refused.filter((name) => name !== "");
    const answers = await peer.answersTo(...names.map((name) => ({ type: "connect", name, id: "c" })));
    expect(answers.map(({ code }) => code)).toEqual(names.map(() => "bad-name"));
    expect(await peer.ask({ type: "connect", id: "ok", name: "" })).toMatchObject({ type: "connected" });
  });

  it("have a longest: 64 characters of people and rooms, 255 bytes of files", async () => {
    const { port } = await startServer();
    const peer = await openPeer(port);
    const connect = { type: "connect", id: "c" };
    expect(await peer.ask({ ...connect, name: "😀".repeat(65) })).toMatchObject({ code: "bad-name" });
    expect(await peer.ask({ ...connect, room: "r".repeat(65) })).toMatchObject({ code: "bad-name" });
    const fits = { ...connect, name: "😀".repeat(64), room: "é".repeat(64) };
    expect(await peer.ask(fits)).toMatchObject({ name: "😀".repeat(64) });
    expect(await peer.next("joined")).toMatchObject({ room: "é".repeat(64) });
    const upload = { type: "upload", data: "" };
    for (const name of ["x".repeat(256), "é".repeat(128), "😀".repeat(64)])
      expect(await peer.ask({ ...upload, id: name.length.toString(), name })).toMatchObject({
        code: "bad-name",
      });
  });

  it("of files that are allowed come back as sent, and are data: no path is made of them", async () => {
    const server = await startServer();
    const around = async () => new Set(await readdir(dirname(server.dataFolder)));
    const before = await around();
    const peer = await joinRoom(server.port, "peer");
    for (const name of allowedFiles) {
      const data = Buffer.from(`content of ${name}`);
      const request = { type: "upload", id: sha256(data).slice(0, 40), name, data: data.toString("base64") };
      const entry = await peer.ask(request);
      expect([name, entry]).toMatchObject([name, { type: "file", name, version: 1, sha256: sha256(data) }]);
      const { header, bytes } = await downloadFile(peer, { id: "d", name });
      expect([name, header.name, bytes.toString()]).toEqual([name, name, data.toString()]);
      peer.forget();
    }
    const hashes = allowedFiles.map((name) => sha256(Buffer.from(`content of ${name}`)));
    const blobs = hashes.map((hash) => `blobs/${hash.slice(0, 2)}/${hash.slice(2)}`);
    expect(await keptFiles(server.dataFolder)).toEqual(blobs.sort());
    const others = (await readdir(server.dataFolder)).filter((name) => !ownFile.test(name));
    expect(others.sort()).toEqual(["blobs", "unfinished"]);
    for (const name of await around())
      expect(before.has(name) || name.startsWith("roomline-test-")).toBe(true);
  });

  it("of rooms and people may be anything that can be seen, the words of our own code too", async () => {
    const { port } = await startServer();
    const names = [
      "__proto__",
      "constructor",
      "-rf",
      "~",
      "*",
      "<b>",
      'a"b',
      "CON",
      "name:x",
      "100%",
      "…",
      "👩‍👩‍👧",
    ];
    for (const name of names) {
      const peer = await joinRoom(port, name, name);
      const entry = await peer.ask({ type: "message", id: "m", text: "hi" });
      expect(entry).toMatchObject({ room: name, from: name, seq: 1 });
      expect(await peer.ask({ type: "users", id: "u" })).toMatchObject({ users: [name] });
    }
  });

  it("count as the same in every form, and are shown in NFC as first given", async () => {
    const { port } = await startServer();
    const peer = await joinRoom(port, "peer", "Stra\u00dfe \u212a");
    for (const room of ["STRASSE K", "strasse k", "Ｓtraße k"])
      expect(await peer.ask({ type: "message", id: room, room, text: "hi" })).toMatchObject({
        room: "Stra\u00dfe K",
      });
    const upload = { type: "upload", data: "" };
    expect(await peer.ask({ ...upload, id: "1", name: "A\u030a.TXT" })).toMatchObject({
      name: "Å.TXT",
      version: 1,
    });
    expect(await peer.ask({ ...upload, id: "2", name: "\u212b.txt" })).toMatchObject({
      name: "Å.txt",
      version: 2,
    });
  });
});
