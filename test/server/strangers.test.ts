// One who is not in a room gets nothing of it and puts nothing into it, by name or by id.

import { joinRoom } from "../support/peer.js";
import { startServer } from "../support/server.js";
import { beginUpload, downloadFile, sha256, someBytes, uploadFile } from "./handlers/transfers.js";

const secret = someBytes(100);

async function twoRooms() {
  const { port } = await startServer();
  const owner = await joinRoom(port, "owner", "secret");
  const entry = await uploadFile(owner, "plan.txt", secret);
  await owner.ask({ type: "message", id: "m", text: "between us" });
  const stranger = await joinRoom(port, "stranger", "lab");
  return { port, owner, entry, stranger };
}

describe("A stranger", () => {
  it("gets not-in-room for every request that names the room", async () => {
    const { stranger, owner, entry } = await twoRooms();
    const requests = [
      { type: "history" },
      { type: "users" },
      { type: "files" },
      { type: "message", text: "let me in" },
      { type: "upload", name: "a", data: "" },
      { type: "upload", name: "a", size: 1 },
      { type: "download", name: "plan.txt" },
      { type: "download", file: entry.file },
      { type: "leave" },
    ].flatMap((request) => ["secret", "SECRET", "ｓecret"].map((room) => ({ ...request, room })));
    const asked = requests.map((request, n) => ({ ...request, id: `r${n}` }));
    const answers = await stranger.answersTo(...asked);
    expect(answers.map(({ code, id }) => [code, id])).toEqual(asked.map(({ id }) => ["not-in-room", id]));
    const said = JSON.stringify(stranger.received);
    for (const word of ["plan.txt", "between us", sha256(secret), String(entry.file)])
      expect(said).not.toContain(word);
    expect(await owner.ask({ type: "history", id: "h" })).toMatchObject({ to: 2 });
  });

  it("finds no file of another room in one's own, by id, name or hash", async () => {
    const { stranger, entry } = await twoRooms();
    for (const query of [{ file: entry.file }, { name: "plan.txt" }, { file: sha256(secret) }]) {
      const { header } = await downloadFile(stranger, { id: "d", ...query });
      expect([query, header]).toMatchObject([query, { type: "error", code: "file-not-found" }]);
    }
  });

  it("is not told that the server has a hash: the bytes are asked for all the same", async () => {
    const { stranger } = await twoRooms();
    const known = await stranger.ask({
      type: "upload",
      id: "1",
      name: "a",
      size: secret.length,
      sha256: sha256(secret),
    });
    const unknown = await stranger.ask({
      type: "upload",
      id: "2",
      name: "b",
      size: secret.length,
      sha256: sha256(Buffer.from("x")),
    });
    expect({ ...known, upload: "", id: "" }).toEqual({ ...unknown, upload: "", id: "" });
    expect(known).toMatchObject({ type: "uploading", offset: 0 });
  });

  it("cannot touch another's upload or download", async () => {
    const { stranger, owner } = await twoRooms();
    const upload = await beginUpload(owner, { name: "b", size: 2 });
    expect(
      (
        await stranger.answersTo(
          { type: "chunk", upload, offset: 0, data: "eHg=" },
          { type: "finish", upload },
          { type: "cancel", upload },
          { type: "cancel", id: "d" },
        )
      ).map(({ code }) => code),
    ).toEqual(["upload-not-found", "upload-not-found", "upload-not-found", "bad-message"]);
    await owner.answersTo({ type: "chunk", upload, offset: 0, data: "aGk=" });
    expect((await downloadFile(owner, { id: "e", name: "b" })).bytes.toString()).toBe("hi");
  });

  it("gets nothing more after leaving, and nothing of what was said in another room", async () => {
    const { stranger, owner } = await twoRooms();
    await stranger.ask({ type: "join", id: "j", room: "secret" });
    await stranger.ask({ type: "leave", id: "l", room: "secret" });
    const before = stranger.received.length;
    await owner.ask({ type: "message", id: "m2", text: "is it gone?" });
    await stranger.answersTo();
    expect(stranger.received.slice(before).map(({ type }) => type)).toEqual(["rooms"]);
    expect(await stranger.ask({ type: "history", id: "h", room: "secret" })).toMatchObject({
      code: "not-in-room",
    });
  });
});
