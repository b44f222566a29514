// The newest entries of each place, as they read by now.

import { Timeline } from "../../../client/chat/timeline.js";
import type { Entry } from "../../../client/session/exchanges.js";

const lab = { room: "lab" };
const head = { room: "lab", time: "2026-11-26T10:00:00.000Z", from: "bob" };

function message(seq: number, room = "lab"): Entry {
  return { type: "message", ...head, room, seq, text: `text ${seq}` };
}

describe("Timeline", () => {
  it("gives an entry by its number, as it reads after an edit, and not when it is deleted", () => {
    const timeline = new Timeline();
    timeline.add(message(1), "me");
    timeline.add(message(2), "me");
    timeline.add({ type: "edit", ...head, seq: 3, target: 1, text: "changed" }, "me");
    timeline.add({ type: "delete", ...head, seq: 4, target: 2 }, "me");
    expect(timeline.get(lab, 1)).toMatchObject({ text: "changed" });
    expect(timeline.get(lab, 2)).toBeUndefined();
    expect(timeline.get({ with: "lab" }, 1)).toBeUndefined();
  });

  it("keeps the two sides of a talk as one place", () => {
    const timeline = new Timeline();
    const direct = { type: "direct", time: head.time, seq: 1, text: "psst" } as const;
    timeline.add({ ...direct, from: "bob", to: "me" }, "me");
    timeline.add({ ...direct, seq: 2, from: "me", to: "bob" }, "me");
    expect(timeline.newest({ with: "Bob" }, () => true).map(({ seq }) => seq)).toEqual([2, 1]);
  });

  it("forgets the oldest entries, and the places nobody has spoken in for longest", () => {
    const timeline = new Timeline();
    for (let seq = 1; seq <= 600; seq++) timeline.add(message(seq), "me");
    expect(timeline.get(lab, 100)).toBeUndefined();
    expect(timeline.get(lab, 101)).toBeDefined();
    for (let at = 1; at < 200; at++) timeline.add(message(1, `room ${at}`), "me");
    expect(timeline.get(lab, 600)).toBeDefined();
    timeline.add(message(1, "one more"), "me");
    expect(timeline.get(lab, 600)).toBeUndefined();
  });
});
