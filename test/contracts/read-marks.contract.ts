// What every ReadMarks owes: how far somebody has read is kept, and never goes back.

import type { ReadMarks, RoomLog } from "../../server/engine.js";
import { maxUnread } from "../../shared/limits.js";
import { parsePersonName, parseRoomName } from "../../shared/names.js";
import { direct, edit, erase, lab, react, share, text, topic } from "./drafts.js";

export interface OpenReadMarks {
  readonly log: RoomLog;
  readonly readMarks: ReadMarks;
  /** Ends the engine and opens it again on what it kept. */
  readonly reopen: () => Promise<{ readonly readMarks: ReadMarks }>;
}

const other = parseRoomName("other");

export function readMarksContract(open: () => Promise<OpenReadMarks>): void {
  it("knows no mark until one is made, and then that one, of that sender in that room", async () => {
    const { log, readMarks } = await open();
    for (const room of [lab, other]) await log.append(room, [text("one"), text("two")]);
    expect(await readMarks.find(lab, "bob")).toBeUndefined();
    await readMarks.mark(lab, "bob", 1);
    expect(await readMarks.find(parseRoomName("LAB"), "bob")).toEqual({ seq: 1, unread: 1 });
    expect(await readMarks.find(other, "bob")).toBeUndefined();
    expect(await readMarks.find(lab, "carol")).toBeUndefined();
  });

  it("moves a mark up, and never back", async () => {
    const { log, readMarks } = await open();
    await log.append(
      lab,
      Array.from({ length: 9 }, () => text("hi")),
    );
    for (const seq of [5, 3, 7, 0]) await readMarks.mark(lab, "bob", seq);
    expect(await readMarks.find(lab, "bob")).toEqual({ seq: 7, unread: 2 });
    await Promise.all([9, 8, 2].map((seq) => readMarks.mark(lab, "bob", seq)));
    expect(await readMarks.find(lab, "bob")).toEqual({ seq: 9, unread: 0 });
  });

  it("sees every mark that was made before it is asked, and every entry", async () => {
    const { log, readMarks } = await open();
    const marked: Promise<void>[] = [];
    for (let seq = 1; seq <= 50; seq++) {
      await log.append(lab, [text("hi"), text("more")]);
      marked.push(readMarks.mark(lab, "bob", seq));
      expect(await readMarks.find(lab, "bob")).toEqual({ seq, unread: seq });
    }
    await Promise.all(marked);
  });

  it("does not count what was deleted", async () => {
    const { log, readMarks } = await open();
    await log.append(lab, [text("one"), text("two"), text('looks like ,"deleted":true}'), erase(2)]);
    await readMarks.mark(lab, "bob", 0);
    expect(await readMarks.find(lab, "bob")).toEqual({ seq: 0, unread: 2 });
  });

  it("counts what others said and shared, and nothing else", async () => {
    const { log, readMarks } = await open();
    const bob = { sender: "bob" };
    await log.append(lab, [
      ...[text("read"), text("unread"), share("unread.txt"), text("own", bob), share("own.txt", bob)],
      ...[edit(1, "no message"), react(1, "+1"), topic("about")],
    ]);
    await readMarks.mark(lab, "bob", 1);
    expect(await readMarks.find(lab, "bob")).toEqual({ seq: 1, unread: 2 });
    const talk = parseRoomName("of two");
    const [ann, ben] = [parsePersonName("Ann"), parsePersonName("Ben")];
    const said = [direct("hi", { from: ann, to: ben }), direct("ho", { from: ben, to: ann })];
    await log.append(talk, said);
    await readMarks.mark(talk, "of ann", 0);
    expect(await readMarks.find(talk, "of ann")).toEqual({ seq: 0, unread: 1 });
  });

  it("counts up to a bound", async () => {
    const { log, readMarks } = await open();
    await log.append(
      lab,
      Array.from({ length: maxUnread + 10 }, () => text("hi")),
    );
    await readMarks.mark(lab, "bob", 5);
    expect(await readMarks.find(lab, "bob")).toEqual({ seq: 5, unread: maxUnread });
  });

  it("has no mark in a log that nobody spoke in", async () => {
    const { log, readMarks } = await open();
    await readMarks.mark(lab, "bob", 1);
    expect(await readMarks.find(lab, "bob")).toBeUndefined();
    await log.append(lab, [text("one")]);
    expect(await readMarks.find(lab, "bob")).toBeUndefined();
  });

  it("has its marks after a restart", async () => {
    const { log, readMarks, reopen } = await open();
    await log.append(lab, [text("one"), text("two"), text("three")]);
    await readMarks.mark(lab, "bob", 1);
    await readMarks.mark(lab, "alice", 2);
    const again = (await reopen()).readMarks;
    expect(await again.find(lab, "bob")).toEqual({ seq: 1, unread: 2 });
    expect(await again.find(lab, "alice")).toEqual({ seq: 2, unread: 0 });
    await again.mark(lab, "bob", 0);
    expect(await again.find(lab, "bob")).toEqual({ seq: 1, unread: 2 });
  });
}
