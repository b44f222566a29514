// What every RoomLog owes. A function of a factory: an engine's test file calls it with its own.

import type { Appended, Draft, RoomLog } from "../../server/engine.js";
import { bodyOf, type EntryLines } from "../../shared/entry.js";
import { maxPageBytes } from "../../shared/limits.js";
import { parseRoomName, type Name } from "../../shared/names.js";

export interface OpenLog {
  readonly log: RoomLog;
  /** Ends the log and opens it again on what it kept. */
  readonly reopen: () => Promise<RoomLog>;
  /** Takes entries away, from a number to a number, as what keeps rooms small will. */
  readonly forget: (room: Name, from: number, to: number) => Promise<void>;
}

const lab = parseRoomName("lab");

export function roomLogContract(open: () => Promise<OpenLog>): void {
  it("numbers the entries of a room from 1, in the order of the calls", async () => {
    const { log } = await open();
    const calls = Array.from({ length: 300 }, (_, index) => log.append(lab, [say(`text ${index}`)]));
    const seqs = (await Promise.all(calls)).flat().map(seqOf);
    expect(seqs).toEqual(upTo(300));
    expect((await textsOf(log)).slice(0, 2)).toEqual(["text 0", "text 1"]);
  });

  it("numbers each room by itself, and takes names with the same key as one room", async () => {
    const { log } = await open();
    await log.append(lab, [say("one")]);
    expect(await log.append(parseRoomName("other"), [say("one")])).toEqual([{ seq: 1 }]);
    expect(await log.append(parseRoomName("LAB"), [say("two")])).toEqual([{ seq: 2 }]);
  });

  it("gives several drafts of one call consecutive numbers", async () => {
    const { log } = await open();
    const appended = await log.append(lab, [say("a"), say("b"), say("c")]);
    expect(appended.map(seqOf)).toEqual([1, 2, 3]);
  });

  it("calls every listener with every entry once, in order, before the append resolves", async () => {
    const { log } = await open();
    const heard: [EntryLines[], EntryLines[]] = [[], []];
    for (const lines of heard) await log.subscribe(lab, (run) => lines.push(run));
    for (let round = 0; round < 5; round++) {
      const appended = await Promise.all(Array.from({ length: 20 }, () => log.append(lab, [say("hi")])));
      const last = appended.flat().map(seqOf).at(-1);
      expect(heard[0].at(-1)?.to).toBe(last);
    }
    for (const runs of heard)
      expect(runs.flatMap(({ from, to }) => upTo(to).slice(from - 1))).toEqual(upTo(100));
  });

  it("tells a subscriber the head, and the listener what comes after it, also while others append", async () => {
    const { log } = await open();
    const appends = Array.from({ length: 50 }, () => log.append(lab, [say("hi")]));
    const runs: EntryLines[] = [];
    const { head } = await log.subscribe(lab, (run) => runs.push(run));
    appends.push(...Array.from({ length: 50 }, () => log.append(lab, [say("hi")])));
    await Promise.all(appends);
    expect(runs.flatMap(({ from, to }) => upTo(to).slice(from - 1))).toEqual(upTo(100).slice(head));
  });

  it("stops calling a listener that was closed", async () => {
    const { log } = await open();
    const runs: EntryLines[] = [];
    const subscription = await log.subscribe(lab, (run) => runs.push(run));
    await log.append(lab, [say("heard")]);
    subscription.close();
    await log.append(lab, [say("not heard")]);
    expect(runs).toHaveLength(1);
  });

  it("reads the same bytes that listeners were given", async () => {
    const { log } = await open();
    const live: Uint8Array[] = [];
    await log.subscribe(lab, ({ bytes }) => live.push(bytes));
    for (const text of ["plain", 'quotes " and \\', "naïve 🙂 \u0000 \u2028", "x".repeat(5000)]) {
      await log.append(lab, [say(text)]);
    }
    const page = await log.read(lab, { after: 0, limit: 100 });
    expect(Buffer.from(page.bytes).toString()).toBe(Buffer.concat(live).toString());
  });

  it("reads pages above a number, below a number, and the newest", async () => {
    const { log } = await open();
    await log.append(
      lab,
      Array.from({ length: 25 }, () => say("hi")),
    );
    expect(await log.read(lab, { after: 10, limit: 10 })).toMatchObject({ from: 11, to: 20, more: true });
    expect(await log.read(lab, { after: 20, limit: 10 })).toMatchObject({ from: 21, to: 25, more: false });
    expect(await log.read(lab, { before: 11, limit: 4 })).toMatchObject({ from: 7, to: 10, more: true });
    expect(await log.read(lab, { before: 3, limit: 10 })).toMatchObject({ from: 1, to: 2, more: false });
    expect(await log.read(lab, { limit: 5 })).toMatchObject({ from: 21, to: 25, more: true });
    expect(await log.read(lab, { after: 3, before: 7, limit: 10 })).toMatchObject({
      from: 4,
      to: 6,
      more: false,
    });
  });

  it("answers an empty page where there is nothing", async () => {
    const { log } = await open();
    expect(await log.read(lab, { limit: 5 })).toMatchObject({ from: 1, to: 0, more: false });
    await log.append(lab, [say("hi")]);
    const page = await log.read(lab, { after: 1, limit: 5 });
    expect(page).toMatchObject({ from: 2, to: 1, more: false });
    expect(page.bytes).toHaveLength(0);
  });

  it("ends a page with the entry that crosses its bytes", async () => {
    const { log } = await open();
    await log.append(
      lab,
      Array.from({ length: 40 }, () => say("x".repeat(16_000))),
    );
    const page = await log.read(lab, { after: 0, limit: 500 });
    expect(page.more).toBe(true);
    expect(page.bytes.length).toBeGreaterThanOrEqual(maxPageBytes);
    expect(page.bytes.length).toBeLessThan(maxPageBytes + 17_000);
    expect(page.bytes.at(-1)).toBe(0x0a);
  });

  it("ends a page at the bytes that were asked for, after at least one entry", async () => {
    const { log } = await open();
    await log.append(
      lab,
      Array.from({ length: 40 }, () => say("x".repeat(1000))),
    );
    for (const start of [{ after: 0 }, {}]) {
      const page = await log.read(lab, { ...start, limit: 500, bytes: 10_000 });
      expect(page.more).toBe(true);
      expect(page.bytes.length).toBeGreaterThanOrEqual(10_000);
      expect(page.bytes.length).toBeLessThan(11_200);
      expect(page.bytes.at(-1)).toBe(0x0a);
    }
    expect(await log.read(lab, { after: 4, limit: 500, bytes: 0 })).toMatchObject({
      from: 5,
      to: 5,
      more: true,
    });
    expect(await log.read(lab, { limit: 500, bytes: 0 })).toMatchObject({ from: 40, to: 40, more: true });
    const whole = await log.read(lab, { after: 0, limit: 500, bytes: 10 * maxPageBytes });
    expect(whole).toMatchObject({ from: 1, to: 40, more: false });
  });

  it("is bounded by maxPageBytes also when more is asked for", async () => {
    const { log } = await open();
    await log.append(
      lab,
      Array.from({ length: 40 }, () => say("x".repeat(16_000))),
    );
    const page = await log.read(lab, { after: 0, limit: 500, bytes: 10 * maxPageBytes });
    expect(page.more).toBe(true);
    expect(page.bytes.length).toBeLessThan(maxPageBytes + 17_000);
  });

  it("never reads across entries that are not kept", async () => {
    const { log, forget } = await open();
    await log.append(
      lab,
      Array.from({ length: 20 }, () => say("hi")),
    );
    await forget(lab, 1, 3);
    await forget(lab, 8, 12);
    expect(await log.read(lab, { after: 0, limit: 500 })).toMatchObject({ from: 4, to: 7, more: true });
    expect(await log.read(lab, { after: 7, limit: 500 })).toMatchObject({ from: 13, to: 20, more: false });
    expect(await log.read(lab, { after: 9, limit: 2 })).toMatchObject({ from: 13, to: 14, more: true });
    expect(await log.read(lab, { limit: 500 })).toMatchObject({ from: 13, to: 20, more: true });
    expect(await log.read(lab, { before: 13, limit: 500 })).toMatchObject({ from: 4, to: 7, more: false });
    expect(await log.read(lab, { before: 15, limit: 3 })).toMatchObject({ from: 13, to: 14, more: true });
  });

  it("answers an empty page where it was asked, when nothing of that is kept", async () => {
    const { log, forget } = await open();
    await log.append(
      lab,
      Array.from({ length: 10 }, () => say("hi")),
    );
    await forget(lab, 1, 5);
    const empty = { bytes: new Uint8Array(), more: false };
    expect(await log.read(lab, { before: 6, limit: 5 })).toEqual({ from: 6, to: 5, ...empty });
    expect(await log.read(lab, { after: 2, before: 5, limit: 5 })).toEqual({ from: 3, to: 2, ...empty });
    expect(await log.read(lab, { after: 10, limit: 5 })).toEqual({ from: 11, to: 10, ...empty });
  });

  it("has after a restart what it had: entries, numbers, names and epochs", async () => {
    const { log, reopen } = await open();
    await log.append(lab, [say("before"), say("before too")]);
    const { epoch, name } = await log.subscribe(parseRoomName("LAB"), () => undefined);
    const again = await reopen();
    expect(await again.subscribe(lab, () => undefined)).toMatchObject({ epoch, name, head: 2 });
    expect(await again.append(lab, [say("after")])).toEqual([{ seq: 3 }]);
    expect(await textsOf(again)).toEqual(["before", "before too", "after"]);
  });

  it("gives every room its own epoch", async () => {
    const { log } = await open();
    const { epoch } = await log.subscribe(lab, () => undefined);
    const other = await log.subscribe(parseRoomName("other"), () => undefined);
    expect(epoch).toMatch(/^[0-9a-f]{32}$/);
    expect(other.epoch).not.toBe(epoch);
  });
}

export function say(text: string): Draft {
  return { type: "message", sender: "sender", id: undefined, body: bodyOf({ from: "alice", text }) };
}

function seqOf(appended: Appended): number {
  if ("seq" in appended) return appended.seq;
  throw "error" in appended ? appended.error : new Error(`It is a duplicate of ${appended.duplicate}.`);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function textsOf(log: RoomLog): Promise<string[]> {
  const { bytes } = await log.read(lab, { after: 0, limit: 500 });
  const lines = Buffer.from(bytes).toString().trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { text: string }).text);
}
