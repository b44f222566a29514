// What every RoomLog owes to who corrects what was said: edits, deletions, reactions and topics. A function of a
// factory, like the rest of its contract, in room-log.contract.ts.

import type { Delivery, Draft, RoomLog } from "../../server/engine.js";
import { maxPageChanges } from "../../shared/limits.js";
import { parseRoomName } from "../../shared/names.js";
import { allOf, edit, erase, lab, linesOf, react, share, text, topic } from "./drafts.js";
import type { OpenLog } from "./room-log.contract.js";

const noSuchEntry = { error: { code: "no-such-entry" } };
const forbidden = { error: { code: "forbidden" } };
const reused = { error: { code: "id-reused" } };

export function correctionsContract(open: () => Promise<OpenLog>): void {
  describe("a target", () => {
    targets(open);
  });
  describe("a deletion", () => {
    deletions(open);
  });
  describe("a delivery of what was changed", () => {
    deliveries(open);
  });
  describe("a change that is repeated", () => {
    repeats(open);
  });
  describe("a page with its changes", () => {
    changes(open);
  });
}

/** 1 message, 2 file, 3 topic, 4 edit, 5 reaction, 6 deletion of 7's twin, 8 a message that was deleted. */
const everyKind: Draft[] = [
  text("a message"),
  share("a.txt"),
  topic("a topic"),
  edit(1, "edited"),
  react(1, "+1"),
  text("a message that goes"),
  erase(6),
];

function targets(open: () => Promise<OpenLog>): void {
  it("can be edited a thousand times", async () => {
    const { log } = await open();
    await log.append(lab, [text("one"), ...Array.from({ length: 1000 }, (_, n) => edit(1, `edit ${n}`))]);
    expect(await log.append(lab, [edit(1, "once more"), react(1, "+1")])).toMatchObject([
      { error: { code: "too-many" } },
      { seq: 1002 },
    ]);
    expect((await log.search(lab, { text: "edit", limit: 5 })).count).toBe(1);
  });

  it("is changed by an entry of its own, and stays as it was said", async () => {
    const { log } = await open();
    await log.append(lab, [text("one"), text("two")]);
    const before = await allOf(log);
    const changes = [edit(1, "uno"), react(2, "🙂", { sender: "bob" }), edit(1, "eins")];
    expect(await log.append(lab, changes)).toEqual([{ seq: 3 }, { seq: 4 }, { seq: 5 }]);
    const after = await allOf(log);
    expect(after.slice(0, 2)).toEqual(before);
    expect(after.slice(2)).toMatchObject([
      { type: "edit", seq: 3, from: "alice", target: 1, text: "uno" },
      { type: "react", seq: 4, from: "bob", target: 2, emoji: "🙂", on: true },
      { type: "edit", seq: 5, from: "alice", target: 1, text: "eins" },
    ]);
  });

  it.each<[string, number[], (target: number) => Draft]>([
    ["an edit, of a message alone", [1], (target) => edit(target, "x")],
    ["a reaction, to what was said or shared", [1, 2], (target) => react(target, "x")],
    ["a deletion, of what was said, shared, set or put under it", [1, 2, 3, 5], (target) => erase(target)],
  ])("is of a kind that fits %s; any other is not there", async (_what, fitting, make) => {
    for (const target of [1, 2, 3, 4, 5, 6, 7, 8, 9, Number.MAX_SAFE_INTEGER]) {
      const { log } = await open();
      await log.append(lab, everyKind);
      const expected = fitting.includes(target) ? { seq: 8 } : noSuchEntry;
      expect([target, ...(await log.append(lab, [make(target)]))]).toMatchObject([target, expected]);
    }
  });

  it("is its sender's to edit, and its sender's or an operator's to delete", async () => {
    const { log } = await open();
    await log.append(lab, [text("one"), text("two")]);
    const bob = { sender: "bob" };
    expect(
      await log.append(lab, [
        edit(1, "x", bob),
        { ...edit(1, "x", bob), isOperator: true },
        erase(1, bob),
        erase(1, { ...bob, isOperator: true }),
        erase(2),
      ]),
    ).toMatchObject([forbidden, forbidden, forbidden, { seq: 3 }, { seq: 4 }]);
  });

  it("is of the same room", async () => {
    const { log } = await open();
    await log.append(lab, [text("one")]);
    const other = parseRoomName("other");
    expect(await log.append(other, [edit(1, "x"), react(1, "x"), erase(1)])).toMatchObject([
      noSuchEntry,
      noSuchEntry,
      noSuchEntry,
    ]);
    expect(await log.append(other, [text("first")])).toEqual([{ seq: 1 }]);
  });

  it("may come in the same call, and those that are refused leave no hole", async () => {
    const { log } = await open();
    const appended = await log.append(lab, [
      edit(1, "too early"),
      text("one"),
      edit(1, "uno"),
      edit(3, "not there yet"),
      react(1, "+1"),
      erase(1),
      react(1, "too late"),
      erase(1),
      edit(1, "too late"),
      text("last"),
    ]);
    expect(appended).toMatchObject([
      ...[noSuchEntry, { seq: 1 }, { seq: 2 }, noSuchEntry, { seq: 3 }, { seq: 4 }],
      ...[noSuchEntry, noSuchEntry, noSuchEntry, { seq: 5 }],
    ]);
    expect((await allOf(log)).map(({ seq, type }) => [seq, type])).toEqual([
      ...[
        [1, "message"],
        [2, "edit"],
        [3, "react"],
        [4, "delete"],
        [5, "message"],
      ],
    ]);
  });
}

function deletions(open: () => Promise<OpenLog>): void {
  it("leaves the number, time, sender and id of an entry and of its edits, and their target, and touches no other", async () => {
    const { log } = await open();
    await log.append(lab, [
      text("SECRET", { id: "m1" }),
      text("stays", { id: "m2" }),
      edit(1, "SECRET too", { id: "e1" }),
      edit(2, "stays too", { id: "e2" }),
      react(1, "+1", { id: "r1" }),
      edit(1, "SECRET three"),
    ]);
    const before = await allOf(log);
    await log.append(lab, [erase(1, { id: "d1" })]);
    const left = ({ type, room, seq, time, from, id, target }: Record<string, unknown>) => ({
      ...{ type, room, seq, time, from, deleted: true },
      ...(id !== undefined && { id }),
      ...(target !== undefined && { target }),
    });
    const [one, two, three, four, five, six, ...rest] = await allOf(log);
    expect([one, three, six]).toEqual([0, 2, 5].map((place) => left(before[place] ?? {})));
    expect([two, four, five]).toEqual([before[1], before[3], before[4]]);
    expect(rest).toMatchObject([{ type: "delete", seq: 7, target: 1, id: "d1" }]);
  });

  it("takes a reaction away, whose it is or by an operator", async () => {
    const { log } = await open();
    await log.append(lab, [text("one"), react(1, "SECRET", { sender: "bob" })]);
    expect(await log.append(lab, [erase(2)])).toMatchObject([{ error: { code: "forbidden" } }]);
    expect(await log.append(lab, [erase(2, { sender: "bob" })])).toEqual([{ seq: 3 }]);
    const [, reaction] = await allOf(log);
    expect(reaction).toMatchObject({ type: "react", target: 1, deleted: true });
    expect(reaction).not.toHaveProperty("emoji");
  });

  it("says of a file and of a topic nothing either", async () => {
    const { log } = await open();
    await log.append(lab, [share("SECRET.txt", { id: "f" }), topic("SECRET", { id: "t" })]);
    await log.append(lab, [erase(1), erase(2)]);
    const [file, about] = await allOf(log);
    expect(Object.keys(file ?? {})).toEqual(["type", "room", "seq", "time", "from", "id", "deleted"]);
    expect(Object.keys(about ?? {})).toEqual(["type", "room", "seq", "time", "from", "id", "deleted"]);
    expect([file, about]).toMatchObject([
      { type: "file", id: "f" },
      { type: "topic", id: "t" },
    ]);
  });

  it("takes the room's topic away when it is what set it, and else leaves it", async () => {
    const { log } = await open();
    await log.append(lab, [topic("first"), topic("second")]);
    await log.append(lab, [erase(1)]);
    expect((await log.subscribe(lab, () => undefined)).topic).toBe("second");
    await log.append(lab, [erase(2)]);
    expect((await log.subscribe(lab, () => undefined)).topic).toBe("");
  });

  it("is what it was after a restart, as are edits, reactions and the topic", async () => {
    const { log, reopen } = await open();
    await log.append(lab, [
      ...[text("SECRET", { id: "m1" }), text("stays"), edit(1, "SECRET"), edit(2, "edited")],
      ...[react(2, "+1"), topic("about"), erase(1), share("gone.txt"), erase(8)],
    ]);
    const before = await allOf(log);
    const again = await reopen();
    expect(await allOf(again)).toEqual(before);
    expect(JSON.stringify(before)).not.toContain("SECRET");
    expect(await again.subscribe(lab, () => undefined)).toMatchObject({ head: 9, topic: "about" });
    expect(
      await again.append(lab, [edit(1, "x"), edit(2, "x", { sender: "bob" }), edit(2, "x")]),
    ).toMatchObject([...[noSuchEntry, forbidden, { seq: 10 }]]);
    const page = await again.read(lab, { after: 0, limit: 2, changes: true });
    expect(linesOf(page.changes?.bytes ?? new Uint8Array()).map(({ seq }) => seq)).toEqual([3, 4, 5, 7, 10]);
  });
}

async function heardOf(log: RoomLog, ...calls: Draft[][]): Promise<Delivery[]> {
  const heard: Delivery[] = [];
  await log.subscribe(lab, (delivery) => heard.push(delivery));
  for (const drafts of calls) await log.append(lab, drafts);
  return heard;
}

function deliveries(open: () => Promise<OpenLog>): void {
  it("tells up to which number lines are others than before, and nothing when none are", async () => {
    const { log } = await open();
    const heard = await heardOf(
      log,
      [text("one"), text("two"), text("three")],
      [edit(2, "zwei")],
      [react(1, "+1")],
      [erase(3)],
      [erase(2)],
      [text("six"), erase(1)],
    );
    expect(heard.map(({ from, to, erasedTo }) => [from, to, erasedTo])).toEqual([
      ...[
        [1, 3, undefined],
        [4, 4, undefined],
        [5, 5, undefined],
      ],
      // The edit of 2 went with it.
      ...[
        [6, 6, 3],
        [7, 7, 4],
        [8, 9, 1],
      ],
    ]);
  });

  it("is given like any other: what is heard is what is read, also of what goes in the same commit", async () => {
    const { log } = await open();
    const heard = await heardOf(log, [
      ...[text("SECRET", { id: "m" }), edit(1, "SECRET too"), text("stays"), react(1, "+1"), erase(1)],
      ...[share("SECRET.txt"), erase(6)],
    ]);
    const live = Buffer.concat(heard.map(({ bytes }) => bytes)).toString();
    const { bytes } = await log.read(lab, { after: 0, limit: 100 });
    expect(live).toBe(Buffer.from(bytes).toString());
    expect(live).not.toContain("SECRET");
  });

  it("tells the topic when it is another, and a subscriber what it is", async () => {
    const { log } = await open();
    expect((await log.subscribe(lab, () => undefined)).topic).toBe("");
    const heard = await heardOf(
      log,
      [text("one")],
      [topic("first"), topic("second")],
      [text("four")],
      [topic("")],
      [topic("third"), erase(6)],
      [topic("fourth"), text("nine"), erase(8)],
    );
    expect(heard.map((delivery) => delivery.topic)).toEqual([
      ...[undefined, "second", undefined, "", "", ""],
    ]);
    await log.append(lab, [topic("last")]);
    expect((await log.subscribe(parseRoomName("LAB"), () => undefined)).topic).toBe("last");
    expect((await log.subscribe(parseRoomName("other"), () => undefined)).topic).toBe("");
  });
}

function repeats(open: () => Promise<OpenLog>): void {
  it("is a duplicate, and with another text, target or type refused", async () => {
    const { log, reopen } = await open();
    await log.append(lab, [text("one", { id: "m" }), text("two")]);
    const [edited, reacted] = [edit(1, "uno", { id: "e" }), react(1, "+1", { id: "r" })];
    await log.append(lab, [edited, reacted]);
    for (const now of [() => log, reopen]) {
      const at = await now();
      expect(await at.append(lab, [edited, reacted])).toEqual([{ duplicate: 3 }, { duplicate: 4 }]);
      expect(
        await at.append(lab, [
          ...[edit(1, "eins", { id: "e" }), edit(2, "uno", { id: "e" }), react(1, "-1", { id: "r" })],
          ...[erase(1, { id: "e" }), text("uno", { id: "e" }), edit(1, "one", { id: "m" })],
        ]),
      ).toMatchObject([reused, reused, reused, reused, reused, reused]);
    }
  });

  it("is a duplicate also when its target is gone since", async () => {
    const { log } = await open();
    const drafts = [text("one", { id: "m" }), edit(1, "uno", { id: "e" }), react(1, "+1", { id: "r" })];
    const gone = erase(1, { id: "d" });
    await log.append(lab, [...drafts, gone]);
    expect(await log.append(lab, [...drafts, gone])).toEqual(
      [1, 2, 3, 4].map((duplicate) => ({ duplicate })),
    );
  });

  it("of an entry that was deleted is a duplicate whatever it says, restarts included", async () => {
    const { log, reopen } = await open();
    await log.append(lab, [text("one", { id: "m" }), edit(1, "uno", { id: "e" }), erase(1)]);
    for (const now of [() => log, reopen]) {
      const at = await now();
      expect(await at.append(lab, [text("another", { id: "m" }), edit(1, "other", { id: "e" })])).toEqual([
        { duplicate: 1 },
        { duplicate: 2 },
      ]);
      expect(await at.append(lab, [react(1, "m", { id: "m" })])).toMatchObject([reused]);
      expect((await allOf(at)).map(({ text }) => text)).toEqual([undefined, undefined, undefined]);
    }
  });
}

function changes(open: () => Promise<OpenLog>): void {
  const numbersOf = async (log: RoomLog, range: { after?: number; before?: number; limit: number }) => {
    const { from, to, changes } = await log.read(lab, { ...range, changes: true });
    const lines = linesOf(changes?.bytes ?? new Uint8Array());
    expect(changes?.count).toBe(lines.length);
    return { page: [from, to], changes: lines.map(({ seq }) => seq) };
  };

  it("has those from above it that are about its entries, ascending, once, and no others", async () => {
    const { log } = await open();
    await log.append(lab, [
      ...[text("1"), text("2"), edit(1, "3"), text("4"), react(2, "5"), react(4, "6"), edit(1, "7")],
      ...[erase(2), text("9"), edit(9, "10"), topic("11")],
    ]);
    expect(await numbersOf(log, { after: 0, limit: 2 })).toEqual({ page: [1, 2], changes: [3, 5, 7, 8] });
    // 3 is on the page itself.
    expect(await numbersOf(log, { after: 0, limit: 4 })).toEqual({ page: [1, 4], changes: [5, 6, 7, 8] });
    expect(await numbersOf(log, { after: 2, limit: 2 })).toEqual({ page: [3, 4], changes: [6] });
    expect(await numbersOf(log, { before: 10, limit: 1 })).toEqual({ page: [9, 9], changes: [10] });
    expect(await numbersOf(log, { limit: 3 })).toEqual({ page: [9, 11], changes: [] });
    expect(await numbersOf(log, { after: 11, limit: 3 })).toEqual({ page: [12, 11], changes: [] });
    expect((await log.read(lab, { after: 0, limit: 2 })).changes).toBeUndefined();
  });

  it("has the same lines as their own page, deleted ones too", async () => {
    const { log } = await open();
    await log.append(lab, [text("1"), edit(1, "SECRET"), react(1, "+1"), erase(1)]);
    const { changes } = await log.read(lab, { after: 0, limit: 1, changes: true });
    const { bytes } = await log.read(lab, { after: 1, limit: 3 });
    expect(Buffer.from(changes?.bytes ?? "").toString()).toBe(Buffer.from(bytes).toString());
  });

  it("has the newest when there are very many", async () => {
    const { log } = await open();
    const count = maxPageChanges + 20;
    await log.append(lab, [text("1"), ...Array.from({ length: count }, (_, n) => react(1, `r${n}`))]);
    const { changes } = await numbersOf(log, { after: 0, limit: 1 });
    expect(changes).toEqual(Array.from({ length: maxPageChanges }, (_, n) => n + 22));
  });
}
