// What was said where nobody looks.

import { Unread } from "../../../client/chat/unread.js";
import type { Entry } from "../../../client/session/exchanges.js";

const den = { room: "den" };
const news = { isNews: true, isMention: false };

function message(seq: number): Entry {
  return { type: "message", room: "den", seq, time: "2026-11-26T10:00:00.000Z", from: "bob", text: "hi" };
}

describe("Unread", () => {
  it("counts messages and mentions, and shows them once", () => {
    const unread = new Unread();
    unread.add(den, message(1), news);
    unread.add({ room: "DEN" }, message(2), { isNews: true, isMention: true });
    unread.add(den, { ...message(3), type: "react", target: 1, emoji: "👍", on: true }, news);
    expect(unread.all).toMatchObject([{ place: den, count: 2, mentionCount: 1 }]);
    const { entries, dropped } = unread.take(den);
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(dropped).toBe(0);
    expect(unread.all).toEqual([]);
    expect(unread.take(den).entries).toEqual([]);
  });

  it("keeps what is no news to be shown, and does not count it", () => {
    const unread = new Unread();
    unread.add(den, message(1), { isNews: false, isMention: false });
    expect(unread.all).toEqual([]);
    expect(unread.take(den).entries).toHaveLength(1);
  });

  it("keeps the newest of very many, and says how many it does not", () => {
    const unread = new Unread();
    for (let seq = 1; seq <= 1050; seq++) unread.add(den, message(seq), news);
    expect(unread.all[0]?.count).toBe(1050);
    const { entries, dropped } = unread.take(den);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 200 }, (_, at) => 851 + at));
    expect(dropped).toBe(850);
  });
});
