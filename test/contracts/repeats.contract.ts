// What every RoomLog owes to who sends a thing twice. A function of a factory, like the rest of its contract, in
// room-log.contract.ts.

import type { Appended, Draft, RoomLog } from "../../server/engine.js";
import { bodyOf, type EntryLines } from "../../shared/entry.js";
import { parseFileName, parseRoomName } from "../../shared/names.js";
import type { OpenLog } from "./room-log.contract.js";

const lab = parseRoomName("lab");
const other = parseRoomName("other");

const reused = { error: { code: "id-reused" } };

export function repeatsContract(open: () => Promise<OpenLog>): void {
  it("makes one entry of the same sender and id, and answers the repeat with its number", async () => {
    const { log } = await open();
    await log.append(lab, [message("m0"), message("m1")]);
    expect(await log.append(lab, [message("m1")])).toEqual([{ duplicate: 2 }]);
    expect(await log.append(lab, [message("m2")])).toEqual([{ seq: 3 }]);
    expect(await idsOf(log)).toEqual(["m0", "m1", "m2"]);
  });

  it("knows a repeat whatever the server added to it, and in whatever order its members come", async () => {
    const { log } = await open();
    const body = bodyOf({ from: "alice", id: "m1", text: "hi" });
    await log.append(lab, [{ ...message("m1"), body }]);
    const again = bodyOf({ text: "hi", id: "m1", from: "Alice" });
    expect(await log.append(lab, [{ ...message("m1"), body: again }])).toEqual([{ duplicate: 1 }]);
  });

  it("tells nobody of a repeat", async () => {
    const { log } = await open();
    const runs: EntryLines[] = [];
    await log.subscribe(lab, (run) => runs.push(run));
    await log.append(lab, [message("m1")]);
    await log.append(lab, [message("m1"), message("m1", { text: "other" })]);
    await log.append(lab, [message("m1"), message("m2"), message("m1", { text: "other" }), message("m3")]);
    expect(runs.map(({ from, to }) => [from, to])).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it("refuses the same id for another text or another type, and for that draft alone", async () => {
    const { log } = await open();
    await log.append(lab, [message("m1")]);
    const appended = await log.append(lab, [
      message("m2"),
      message("m1", { text: "other" }),
      { ...message("m1"), type: "file" },
      message("m1"),
      message("m3"),
    ]);
    expect(appended).toMatchObject([{ seq: 2 }, reused, reused, { duplicate: 1 }, { seq: 3 }]);
    expect(await idsOf(log)).toEqual(["m1", "m2", "m3"]);
  });

  it("keeps the ids of senders and of rooms apart", async () => {
    const { log } = await open();
    await log.append(lab, [message("m1")]);
    expect(await log.append(lab, [message("m1", { sender: "bob" })])).toEqual([{ seq: 2 }]);
    expect(await log.append(other, [message("m1")])).toEqual([{ seq: 1 }]);
    expect(await log.append(parseRoomName("LAB"), [message("m1")])).toEqual([{ duplicate: 1 }]);
    expect(await log.append(other, [message("m1"), message("m1", { sender: "bob" })])).toEqual([
      { duplicate: 1 },
      { seq: 2 },
    ]);
  });

  it("takes no two drafts without an id for one", async () => {
    const { log } = await open();
    const draft = { ...message("m1"), id: undefined };
    expect(await log.append(lab, [draft, draft])).toEqual([{ seq: 1 }, { seq: 2 }]);
    expect(await log.append(lab, [draft])).toEqual([{ seq: 3 }]);
  });

  it("makes one entry of repeats in one call, and of calls that come together", async () => {
    const { log } = await open();
    const first = log.append(lab, [message("m1"), message("m1"), message("m1", { text: "other" })]);
    const calls = Array.from({ length: 20 }, (_, n) =>
      log.append(n % 2 === 0 ? lab : other, [message("m1"), message(`n${n}`)]),
    );
    expect(await first).toMatchObject([{ seq: 1 }, { duplicate: 1 }, reused]);
    const appended = await Promise.all(calls);
    expect(appended[0]).toEqual([{ duplicate: 1 }, { seq: 2 }]);
    expect(appended[1]).toEqual([{ seq: 1 }, { seq: 2 }]);
    expect(appended.slice(2).flat().filter(isDuplicateOf(1))).toHaveLength(18);
    expect(await idsOf(log)).toEqual(["m1", ...[0, 2, 4, 6, 8, 10, 12, 14, 16, 18].map((n) => `n${n}`)]);
  });

  it("finds what a sender recorded under an id, also what is not recorded yet when it is asked", async () => {
    const { log } = await open();
    expect(await log.find(lab, "alice", "m1")).toBeUndefined();
    const appended = log.append(lab, [message("m0"), message("m1")]);
    const found = { seq: 2, type: "message", body: message("m1").body };
    expect(await log.find(lab, "alice", "m1")).toEqual(found);
    await appended;
    expect(await log.find(parseRoomName("LAB"), "alice", "m1")).toEqual(found);
    expect(await log.find(lab, "bob", "m1")).toBeUndefined();
    expect(await log.find(lab, "alice", "m2")).toBeUndefined();
    expect(await log.find(other, "alice", "m1")).toBeUndefined();
  });

  it("finds in the queue behind a flood", async () => {
    const { log } = await open();
    const flood = Array.from({ length: 200 }, (_, n) => log.append(lab, [message(`m${n}`, { text: long })]));
    expect(await log.find(lab, "alice", "m199")).toMatchObject({ seq: 200 });
    await Promise.all(flood);
  });

  it("finds a file as it is stored, and takes the same content once more for its repeat", async () => {
    const { log } = await open();
    await log.append(lab, [file("u0", "1")]);
    await log.append(lab, [file("u1", "2")]);
    const found = await log.find(lab, "alice", "u1");
    expect(found).toMatchObject({ seq: 2, type: "file" });
    expect(JSON.parse(`{${found?.body ?? ""}`)).toMatchObject({ file: "2", name: "a.txt", version: 2 });
    expect(await log.append(lab, [file("u1", "3")])).toEqual([{ duplicate: 2 }]);
    expect(await log.append(lab, [file("u1", "4", "f".repeat(64))])).toMatchObject([reused]);
    expect(await log.append(lab, [file("u2", "5")])).toEqual([{ seq: 3 }]);
    expect(await log.find(lab, "alice", "u2")).toMatchObject({
      body: expect.stringContaining('"version":3') as string,
    });
  });

  it("knows after a restart what is a repeat", async () => {
    const { log, reopen } = await open();
    await log.append(lab, [message("m1"), { ...message("m2"), id: undefined }]);
    await log.append(other, [message("m3"), message("m4")]);
    const again = await reopen();
    expect(await again.find(other, "alice", "m4")).toMatchObject({ seq: 2 });
    expect(await again.append(lab, [message("m1"), message("m2")])).toEqual([{ duplicate: 1 }, { seq: 3 }]);
    expect(await again.append(other, [message("m4", { text: "other" })])).toMatchObject([reused]);
  });
}

const long = "x".repeat(16_000);

/** A message of alice's, or of somebody else's with another text. */
export function message(id: string, said: { sender?: string; text?: string } = {}): Draft {
  const { sender = "alice", text = "hi" } = said;
  return { type: "message", sender, id, body: bodyOf({ from: sender, id, text }) };
}

function file(id: string, fileId: string, sha256 = "0".repeat(64)): Draft {
  const facts = { file: fileId, size: 0, mime: "text/plain", sha256 };
  return {
    type: "file",
    sender: "alice",
    id,
    body: bodyOf({ from: "alice", id, name: "a.txt", ...facts }),
    file: { ...facts, name: parseFileName("a.txt"), author: "alice" },
  };
}

function isDuplicateOf(seq: number): (appended: Appended) => boolean {
  return (appended) => "duplicate" in appended && appended.duplicate === seq;
}

/** The ids of all entries of the lab; throws when their numbers have a hole. */
async function idsOf(log: RoomLog): Promise<(string | undefined)[]> {
  const { bytes } = await log.read(lab, { after: 0, limit: 500 });
  const lines = Buffer.from(bytes).toString().trimEnd().split("\n");
  return lines.map((line, index) => {
    const { seq, id } = JSON.parse(line) as { seq: number; id?: string };
    expect(seq).toBe(index + 1);
    return id;
  });
}
