// The line that is being typed.

import fc from "fast-check";
import { LineEditor } from "../../../client/terminal/line-editor.js";

const family = "👨‍👩‍👧";

function editing(text: string, cursor = text.length): LineEditor {
  const editor = new LineEditor();
  editor.set(text, cursor);
  return editor;
}

/** The text with a bar where the cursor is. */
function shown({ text, cursor }: LineEditor): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

describe("A line editor", () => {
  it("puts text in where the cursor is", () => {
    const editor = editing("half thought", 5);
    editor.insert("a ");
    expect(shown(editor)).toBe("half a |thought");
  });

  it("moves and deletes by what a person takes for a character", () => {
    const editor = editing(`a${family}e\u0301`);
    editor.left();
    expect(shown(editor)).toBe(`a${family}|e\u0301`);
    editor.left();
    expect(shown(editor)).toBe(`a|${family}e\u0301`);
    editor.deleteForward();
    editor.end();
    editor.deleteBack();
    expect(shown(editor)).toBe("a|");
  });

  it("moves and cuts by words, and puts back what was cut", () => {
    const editor = editing("one two, three");
    editor.cutWordBack();
    editor.wordLeft();
    expect(shown(editor)).toBe("one |two, ");
    editor.putBack();
    editor.wordRight();
    expect(shown(editor)).toBe("one threetwo|, ");
    editor.cutWordForward();
    editor.home();
    editor.cutToEnd();
    editor.putBack();
    editor.putBack();
    expect(shown(editor)).toBe("one threetwoone threetwo|");
    editor.cutToStart();
    expect(editor.text).toBe("");
  });

  it("has two characters change places", () => {
    const editor = editing("teh");
    editor.transpose();
    expect(shown(editor)).toBe("the|");
    editor.set("abc", 1);
    editor.transpose();
    expect(shown(editor)).toBe("ba|c");
  });

  it("goes up and down in a text of several lines", () => {
    const editor = editing("first\n2\nthird", 4);
    expect(editor.up()).toBe(false);
    expect(editor.down()).toBe(true);
    expect(shown(editor)).toBe("first\n2|\nthird");
    expect(editor.down()).toBe(true);
    expect(shown(editor)).toBe("first\n2\nt|hird");
    expect(editor.down()).toBe(false);
    editor.home();
    expect(shown(editor)).toBe("first\n2\n|third");
    expect(editor.up()).toBe(true);
    expect(shown(editor)).toBe("first\n|2\nthird");
  });

  it("passes what only looks like a part of a word as one, backwards, too", () => {
    const editor = editing(`${family}\u0301`);
    editor.wordLeft();
    expect(editor.cursor).toBe(0);
  });

  it("forgets what was cut, when it is told to", () => {
    const editor = editing("a secret");
    editor.cutToStart();
    editor.forget();
    editor.putBack();
    expect(editor.text).toBe("");
  });

  it("never has its cursor inside of a character, whatever is pressed", () => {
    const keys = fc.constantFrom(
      ...(["left", "right", "wordLeft", "wordRight", "home", "end", "up", "down", "deleteBack"] as const),
      ...(["deleteForward", "cutToEnd", "cutToStart", "cutWordBack", "cutWordForward"] as const),
      ...(["putBack", "transpose"] as const),
    );
    const text = fc.constantFrom("a", " ", "\n", "日", family, "e\u0301", "🇩🇪", "\u0301", "word ");
    const press = fc.oneof(
      keys.map((key) => ({ key })),
      text.map((typed) => ({ typed })),
    );
    const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
    fc.assert(
      fc.property(fc.array(press, { maxLength: 40 }), (presses) => {
        const editor = new LineEditor();
        for (const each of presses) {
          if ("typed" in each) editor.insert(each.typed);
          else editor[each.key]();
          const edges = Array.from(segmenter.segment(editor.text), ({ index }) => index);
          expect([...edges, editor.text.length]).toContain(editor.cursor);
        }
      }),
      { numRuns: 300 },
    );
  });
});
