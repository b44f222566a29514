// What every Catalog owes to two who speak with each other: each finds the conversation by the other's name, and
// nobody else does.

import type { Catalog, Draft, ReadMarks, RoomLog } from "../../server/engine.js";
import { parsePersonName, type Name } from "../../shared/names.js";
import { allOf, direct, erase, lab, share, text } from "./drafts.js";

export interface OpenConversations {
  readonly log: RoomLog;
  readonly catalog: Catalog;
  readonly readMarks: ReadMarks;
  /** Ends the engine and opens it again on what it kept. */
  readonly reopen: () => Promise<{ readonly catalog: Catalog }>;
}

const [ann, ben, cid] = [parsePersonName("Ann"), parsePersonName("Ben"), parsePersonName("Cid")];
const whole = { after: undefined, limit: 100 };

/** The log of two, as it is named when there are no senders to name it by. */
const logOf = (one: Name, two: Name): Name => ({ key: `/${one.key}/${two.key}`, shown: "" });

export function conversationsContract(open: () => Promise<OpenConversations>): void {
  it("finds a conversation by the other's name, for each of the two and for nobody else", async () => {
    const { log, catalog } = await open();
    expect(await catalog.conversation("of ann", ben)).toBeUndefined();
    const talk = logOf(ann, ben);
    await log.append(talk, [direct("hi", { from: ann, to: ben })]);
    expect(await catalog.conversation("of ann", parsePersonName("BEN"))).toEqual({
      log: talk,
      other: { sender: "of ben", name: ben },
    });
    expect(await catalog.conversation("of ben", ann)).toMatchObject({
      log: talk,
      other: { sender: "of ann" },
    });
    expect(await catalog.conversation("of ann", ann)).toBeUndefined();
    expect(await catalog.conversation("of cid", ann)).toBeUndefined();
  });

  it("has one with oneself", async () => {
    const { log, catalog } = await open();
    const talk = logOf(ann, ann);
    await log.append(talk, [direct("remember the milk", { from: ann, to: ann })]);
    expect(await catalog.conversation("of ann", ann)).toMatchObject({
      log: talk,
      other: { sender: "of ann" },
    });
    expect(await catalog.conversations("of ann", whole)).toEqual([
      { with: "Ann", head: 1, readSeq: 0, unread: 0 },
    ]);
  });

  it("finds the newest with somebody of a name", async () => {
    const { log, catalog } = await open();
    await log.append(logOf(ann, ben), [direct("to the first Ben", { from: ann, to: ben })]);
    const newer: Draft = {
      ...direct("to the second Ben", { from: ann, to: ben }),
      between: [
        { sender: "of ann", name: ann },
        { sender: "of another", name: parsePersonName("BEN") },
      ],
    };
    const talk = { key: "/another", shown: "" };
    await log.append(talk, [newer]);
    expect(await catalog.conversation("of ann", ben)).toMatchObject({
      log: talk,
      other: { sender: "of another" },
    });
    expect(await catalog.conversations("of ann", whole)).toMatchObject([{ with: "BEN", head: 1 }]);
    expect(await catalog.conversation("of ben", ann)).toMatchObject({ log: logOf(ann, ben) });
  });

  it("lists a sender's, by the other's name, with what is unread in them", async () => {
    const { log, catalog, readMarks } = await open();
    const say = (from: Name, to: Name, count: number) =>
      log.append(
        logOf(...(from.key < to.key ? ([from, to] as const) : ([to, from] as const))),
        Array.from({ length: count }, (_, n) => direct(`${n}`, { from, to })),
      );
    await say(ann, cid, 3);
    await say(ben, ann, 2);
    await say(ann, ben, 1);
    await say(ben, cid, 1);
    await readMarks.mark(logOf(ann, ben), "of ann", 1);
    await log.append(lab, [text("in a room")]);
    expect(await catalog.conversations("of ann", whole)).toEqual([
      { with: "Ben", head: 3, readSeq: 1, unread: 1 },
      { with: "Cid", head: 3, readSeq: 0, unread: 0 },
    ]);
    expect(await catalog.conversations("of cid", { after: undefined, limit: 1 })).toEqual([
      { with: "Ann", head: 3, readSeq: 0, unread: 3 },
    ]);
    expect(await catalog.conversations("of cid", { after: ann, limit: 1 })).toMatchObject([{ with: "Ben" }]);
    expect(await catalog.conversations("of cid", { after: ben, limit: 1 })).toEqual([]);
    expect(await catalog.conversations("of nobody", whole)).toEqual([]);
  });

  it("keeps them out of the list of rooms, and their lines without a room", async () => {
    const { log, catalog } = await open();
    await log.append(lab, [text("in a room")]);
    await log.append(logOf(ann, ben), [direct("hi", { from: ann, to: ben })]);
    expect((await catalog.rooms(whole)).map(({ shown }) => shown)).toEqual(["lab"]);
    const [line] = await allOf(log, logOf(ann, ben));
    expect(Object.keys(line ?? {})).toEqual(["type", "seq", "time", "from", "to", "text"]);
  });

  it("has them after a restart", async () => {
    const { log, catalog, readMarks, reopen } = await open();
    await log.append(logOf(ann, ben), [direct("hi", { from: ann, to: ben })]);
    await readMarks.mark(logOf(ann, ben), "of ben", 1);
    const before = await catalog.conversations("of ben", whole);
    const again = (await reopen()).catalog;
    expect(await again.conversations("of ben", whole)).toEqual(before);
    expect(await again.conversation("of ben", ann)).toMatchObject({ log: logOf(ann, ben) });
  });

  it("lists no file that was deleted, and gives the next a version above those that were there", async () => {
    const { log, catalog } = await open();
    await log.append(lab, [share("a.txt"), share("a.txt"), share("a.txt")]);
    const versions = async () => (await catalog.files(lab, whole)).map(({ version }) => version);
    await log.append(lab, [erase(2)]);
    expect(await versions()).toEqual([3, 1]);
    await log.append(lab, [share("a.txt"), erase(5), share("a.txt")]);
    expect(await versions()).toEqual([5, 3, 1]);
  });
}
