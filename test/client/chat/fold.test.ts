// What somebody reads who looks back at what was changed since.

import { fold } from "../../../client/chat/fold.js";

const facts = { room: "lab", time: "", from: "alice" };
const message = (seq: number) => ({ type: "message", ...facts, seq, text: `text ${seq}` }) as const;
const edit = (seq: number, target: number, text = `edit ${seq}`) =>
  ({ type: "edit", ...facts, seq, target, text }) as const;
const react = (seq: number, target: number, { on = true, from = "alice" } = {}) =>
  ({ type: "react", ...facts, from, seq, target, emoji: "👍", on }) as const;

/** The number, the text and who reacts, of what is left. */
function left(...[entries, changes]: Parameters<typeof fold>): unknown[] {
  return fold(entries, changes).map(({ entry, isEdited, reactions }) => [
    entry.seq,
    "text" in entry ? entry.text : entry.type,
    isEdited,
    ...Array.from(reactions, ([emoji, names]) => `${emoji} ${[...names].join()}`),
  ]);
}

describe("Entries that were changed", () => {
  it("say what the newest edit says, wherever that is", () => {
    expect(left([message(1), message(2), edit(3, 1)], [edit(9, 1), edit(10, 2)])).toEqual([
      [1, "edit 9", true],
      [2, "edit 10", true],
    ]);
  });

  it("have those who still react under them", () => {
    const reactions = [react(2, 1), react(3, 1, { from: "bob" }), react(4, 1, { on: false })];
    expect(left([message(1)], reactions)).toEqual([[1, "text 1", false, "👍 bob"]]);
    expect(left([message(1), react(2, 1), react(3, 1, { on: false })], [])).toEqual([[1, "text 1", false]]);
  });

  it("say nothing when they are deleted, whatever their edits are", () => {
    const gone = { type: "message", ...facts, seq: 1, deleted: true } as const;
    const goneEdit = { type: "edit", ...facts, seq: 2, target: 1, deleted: true } as const;
    const deletion = { type: "delete", ...facts, seq: 3, target: 1 } as const;
    expect(left([gone, goneEdit, deletion], [])).toEqual([[1, "message", false]]);
  });

  it("are left alone by what is about others: that is shown itself", () => {
    expect(left([edit(5, 1), react(6, 2), message(7)], [edit(8, 1)])).toEqual([
      [5, "edit 5", false],
      [6, "react", false],
      [7, "text 7", false],
    ]);
  });

  it("take a change once that is in the page and behind it", () => {
    expect(left([message(1), react(2, 1)], [react(2, 1)])).toEqual([[1, "text 1", false, "👍 alice"]]);
  });
});
