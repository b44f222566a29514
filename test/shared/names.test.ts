// Names as HOSTILE N1 to N5 attacks them, as far as the wire goes. What a client makes of a name when it saves a
// file is the client's (CON, name:stream, a trailing dot are names like others here).

import * as fc from "fast-check";
import { RoomError } from "../../shared/errors.js";
import { parseFileName, parsePersonName, parseRoomName, type Name } from "../../shared/names.js";
import { nastyCharacter } from "../support/nasty-character.js";

const parsers = [
  ["parsePersonName", parsePersonName],
  ["parseRoomName", parseRoomName],
  ["parseFileName", parseFileName],
] as const;

describe.each(parsers)("%s", (_name, parse) => {
  it.each([
    ["N1 a path up", "../x"],
    ["N1 a path up with backslashes", "..\\x"],
    ["N1 a path up from inside", "a/../../x"],
    ["N1 an absolute path", "/etc/passwd"],
    ["N1 a drive", "C:x"],
    ["N1 a drive with a path", "c:\\x"],
    ["N1 a UNC path", "\\\\host\\share"],
    ["N1 a full-width slash", "a\uff0fb"],
    ["N1 a full-width backslash", "a\uff3cb"],
    ["N1 a full-width drive", "\uff23\uff1ax"],
    ["N1 a Kelvin sign's drive", "\u212a:x"],
    ["N1 a sign that is written with a slash", "\u2100"],
    ["N2 NUL", "a\0"],
    ["N2 CR", "a\rb"],
    ["N2 LF", "a\nb"],
    ["N2 TAB", "a\tb"],
    ["N2 ESC", "\u001b[31mred"],
    ["N2 BEL", "a\u0007"],
    ["N2 DEL", "a\u007f"],
    ["N2 a C1 control", "a\u009b31m"],
    ["N2 NEL", "a\u0085b"],
    ["N2 a line separator", "a\u2028b"],
    ["N3 a right-to-left override", "exe.\u202egpj"],
    ["N3 a left-to-right isolate", "a\u2066b"],
    ["N3 a direction mark", "a\u200fb"],
    ["N3 a zero-width space", "a\u200bb"],
    ["N3 a zero-width non-joiner", "a\u200cb"],
    ["N3 a word joiner", "a\u2060b"],
    ["N3 a byte-order mark", "\ufeffa"],
    ["N3 a soft hyphen", "a\u00adb"],
    ["N3 a joiner between letters", "a\u200db"],
    ["N3 a joiner at the end of an emoji", "👩\u200d"],
    ["N3 a selector on a letter", "a\ufe0f"],
    ["N3 a tag without a flag", "a\u{e0061}"],
    ["N3 a filler that shows nothing", "\u3164"],
    ["N3 a Braille blank", "\u2800"],
    ["N3 a combining joiner", "a\u034fb"],
    ["N3 an invisible operator", "a\u2062b"],
    ["N3 half a surrogate pair", "a\ud83d"],
    ["N3 the other half", "\udc4da"],
    ["N5 nothing", ""],
    ["N5 a dot", "."],
    ["N5 two dots", ".."],
    ["N3 marks that would take seconds to put in order", "a" + "\u0345\u0315\u031b".repeat(20_000)],
    ["N1 a path in percent signs", "%2e%2e%2fx"],
    ["N1 a path in percent signs twice", "%252e%252e%252fx"],
    ["N1 a backslash in percent signs", "a%5Cb"],
    ["N1 two dots in percent signs", "%2E."],
    ["N2 a NUL in percent signs", "a%00b"],
    ["N5 a dot in full width", "\uff0e"],
    ["N5 two dots in one", "\u2025"],
    ["N5 a blank", " "],
    ["N5 blanks", "   "],
    ["N5 a blank before", " a"],
    ["N5 a blank after", "a "],
    ["N5 a no-break space after", "a\u00a0"],
    ["N5 an ideographic space before", "\u3000a"],
    ["N5 an accent that is a blank in another form", "\u00b4a"],
  ])("refuses %s", (_what, text) => {
    expect(codeOf(() => parse(text))).toBe("bad-name");
  });

  it.each([
    ["a word", "alice"],
    ["words", "a b  c"],
    ["another script", "комната"],
    ["letters that join", "مرحبا"],
    ["an accent in one piece", "zoë"],
    ["three dots", "..."],
    ["a percent sign", "100%"],
    ["a blank as an address has it", "50%25 off%20now.txt"],
    ["N4 a device", "CON"],
    ["N4 a device with an ending", "NUL.txt"],
    ["N4 a stream", "name:stream"],
    ["N4 a dot at the end", "name."],
    ["N5 a dash first", "-rf"],
    ["N5 a dot first", ".profile"],
    ["N5 a tilde", "~root"],
    ["N5 what a shell reads", "$(reboot) `x` | * ? ; & > <"],
    ["N5 quotes", `"a" 'b'`],
    ["N6 HTML", "<script>alert(1)<script>"],
    ["N7 our own bookkeeping", "room.db-wal"],
    ["a key of every object", "__proto__"],
    ["a key of every function", "constructor"],
    ["an emoji", "👍"],
    ["an emoji with a skin", "👍🏽"],
    ["an emoji with a joiner", "👩‍💻"],
    ["a family", "👨‍👩‍👧‍👦"],
    ["an emoji with a selector", "❤️"],
    ["a key cap", "1️⃣"],
    ["a flag with tags", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
    ["emoji among words", "the 🏳️‍🌈 room"],
  ])("takes %s as it is", (_what, text) => {
    expect(parse(text).shown).toBe(text);
  });

  it("shows a name in NFC", () => {
    expect(parse("zoe\u0308").shown).toBe("zo\u00eb");
  });

  it("refuses or gives a name that it takes again as the same, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: nastyCharacter() }), (text) => {
        const name = nameOf(() => parse(text));
        if (name === undefined) return;
        expect(parse(name.shown)).toEqual(name);
        expect(name.shown).toBe(text.normalize("NFC"));
        expect(name.shown + name.key).not.toMatch(/[/\\\p{Cc}\p{Cs}\u202e\u200b]/u);
        expect([name.shown, name.key]).toEqual([name.shown.trim(), name.key.trim()]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("parsePersonName and parseRoomName", () => {
  it.each([parsePersonName, parseRoomName])("count characters, not bytes or units", (parse) => {
    expect(parse("👍".repeat(64)).shown).toHaveLength(128);
    expect(parse("a".repeat(64)).shown).toHaveLength(64);
    expect(codeOf(() => parse("a".repeat(65)))).toBe("bad-name");
    expect(codeOf(() => parse("👍".repeat(65)))).toBe("bad-name");
    expect(codeOf(() => parse("a".repeat(100_000)))).toBe("bad-name");
  });
});

describe("parseFileName", () => {
  it("counts bytes of UTF-8", () => {
    expect(parseFileName("a".repeat(255)).shown).toHaveLength(255);
    expect(parseFileName("é".repeat(127) + "a").shown).toHaveLength(128);
    expect(codeOf(() => parseFileName("a".repeat(256)))).toBe("bad-name");
    expect(codeOf(() => parseFileName("é".repeat(128)))).toBe("bad-name");
  });

  it("counts them in the form that is shown", () => {
    expect(parseFileName("e\u0301".repeat(127)).shown).toBe("é".repeat(127));
  });
});

function nameOf(parse: () => Name): Name | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RoomError && error.code === "bad-name") return undefined;
    throw error;
  }
}

function codeOf(parse: () => Name): string | undefined {
  return nameOf(parse) === undefined ? "bad-name" : undefined;
}
