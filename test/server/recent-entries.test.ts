// What is kept in memory of the rooms' newest entries: bounded for all rooms together, and without holes.

import { RecentEntries, type Tail } from "../../server/recent-entries.js";

const add = (tail: Tail, [from, to]: [number, number], bytes = 10) => {
  tail.add({ from, to, bytes: Buffer.alloc(bytes, String(from)) });
};

describe("RecentEntries", () => {
  it("gives the newest commit as it is, and older ones together", () => {
    const tail = new RecentEntries().openTail();
    add(tail, [1, 2]);
    add(tail, [3, 3]);
    const newest = { from: 4, to: 9, bytes: Buffer.from("newest") };
    tail.add(newest);
    expect(tail.after(3)).toBe(newest);
    expect(tail.after(0)).toMatchObject({ from: 1, to: 9, bytes: { length: 26 } });
    expect(tail.after(2)).toMatchObject({ from: 3, to: 9 });
    add(tail, [10, 10]);
    expect(tail.after(2)).toMatchObject({ from: 3, to: 10 });
  });

  it("has nothing for a number that is not the end of a commit it keeps", () => {
    const tail = new RecentEntries().openTail();
    expect(tail.after(0)).toBeUndefined();
    add(tail, [5, 8]);
    add(tail, [9, 9]);
    expect(tail.after(3)).toBeUndefined();
    expect(tail.after(6)).toBeUndefined();
    expect(tail.after(9)).toBeUndefined();
  });

  it("gives no more at once than one write should have", () => {
    const tail = new RecentEntries().openTail();
    for (let n = 1; n <= 10; n++) add(tail, [n, n], 100_000);
    const part = tail.after(0);
    expect(part?.bytes.length).toBe(300_000);
    expect(tail.after(part?.to ?? 0)).toMatchObject({ from: 4, to: 6 });
  });

  it("forgets the oldest commits past its bound, whosever they are, but never the newest", () => {
    const recent = new RecentEntries(100);
    const [a, b] = [recent.openTail(), recent.openTail()];
    add(a, [1, 1], 40);
    add(b, [1, 1], 40);
    add(a, [2, 2], 40);
    expect(a.after(0)).toBeUndefined();
    expect(a.after(1)).toMatchObject({ from: 2 });
    expect(b.after(0)).toMatchObject({ from: 1 });
    add(b, [2, 2], 1000);
    expect(b.after(1)).toMatchObject({ from: 2 });
    expect(b.after(0)).toBeUndefined();
    expect(a.after(1)).toBeUndefined();
    add(a, [3, 3], 40);
    expect(b.after(1)).toBeUndefined();
  });

  it("has room again when a room is closed", () => {
    const recent = new RecentEntries(100);
    const [a, b] = [recent.openTail(), recent.openTail()];
    add(a, [1, 1], 90);
    a.close();
    expect(a.after(0)).toBeUndefined();
    add(b, [1, 1], 50);
    add(b, [2, 2], 50);
    expect(b.after(0)).toMatchObject({ from: 1, to: 2 });
  });
});
