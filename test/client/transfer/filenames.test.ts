// HOSTILE N1 to N5 on the saving side: whatever a server calls a file, it gets a harmless local name.

import fc from "fast-check";
import { join, resolve, sep } from "node:path";
import {
  isDirectlyInside,
  isPartOf,
  localFileName,
  numberedFileName,
  parsePartName,
  partFileName,
} from "../../../client/transfer/filenames.js";
import { utf8Bytes } from "../../../shared/text.js";

const part = { sha256: "0a".repeat(32), pid: 4_194_304, count: 999_999_999 };

describe("localFileName", () => {
  it.each([
    ["photo.png", "photo.png"],
    ["Überblick 2026 – файл 😀.pdf", "Überblick 2026 – файл 😀.pdf"],
    ["-rf", "-rf"],
    ["~", "~"],
    ["$(reboot);'x'&.txt", "$(reboot);'x'&.txt"],
    ["../../etc/passwd", "_.._.._etc_passwd"],
    ["..\\..\\x", "_.._.._x"],
    ["/etc/passwd", "_etc_passwd"],
    ["C:\\x.txt", "C__x.txt"],
    ["\\\\host\\share", "__host_share"],
    ["name:stream", "name_stream"],
    ["..", "_"],
    [".", "_"],
    ["", "_"],
    ["   ", "_"],
    [".bashrc", "_.bashrc"],
    ["note.txt. .", "note.txt"],
    [" note.txt", "note.txt"],
    ["a\0b\r\n\t\x1b[31m\x7f\x9b.txt", "a_b____[31m__.txt"],
    ["exe\u202egpj.scr", "exe_gpj.scr"],
    ["a\u200bb\ufeff\u2028.txt", "a_b__.txt"],
    ["\u3164.txt", "_.txt"],
    ["a\u00adb\u034f.txt", "a_b_.txt"],
    ["a\u{e0041}\u{e007f}.txt", "a__.txt"],
    ["a\u200db\ufe0f.txt", "a_b_.txt"],
    ["👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿.txt", "👨‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿.txt"],
    ["\ud800.txt", "\ufffd.txt"],
    ['*?"<>|.txt', "______.txt"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["Com1.tar.gz", "_Com1.tar.gz"],
    ["COM¹", "_COM¹"],
    ["LPT9 .txt", "_LPT9 .txt"],
    ["CLOCK$", "_CLOCK$"],
    ["CONIN$", "_CONIN$"],
    ["console.txt", "console.txt"],
  ])("makes %j into %j", (given, expected) => {
    expect(localFileName(given)).toBe(expected);
  });

  it("cuts what is over 255 bytes, keeps the ending and splits no character", () => {
    const name = localFileName(`${"😀".repeat(100)}.png`);
    expect(utf8Bytes(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^(😀)+\.png$/u);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])("leaves no joiner of an emoji that it cut in two: %d", (before) => {
    const name = localFileName(`${"a".repeat(before)}${"👩‍💻".repeat(30)}.png`);
    expect(name).toMatch(/^a*(👩‍💻)+👩?\.png$/u);
  });

  it("gives one harmless path segment for any text at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.nat(10_000), (text, count) => {
        const names = [localFileName(text), numberedFileName(localFileName(text), count + 1)];
        for (const name of [...names, partFileName(localFileName(text), part)]) {
          expect(name).not.toMatch(/^\.|[/\\:\p{Cc}]|[. ]$/u);
          expect(name).not.toBe("");
          expect(utf8Bytes(name)).toBeLessThanOrEqual(255);
          expect(resolve("/downloads", name)).toBe(`${sep}downloads${sep}${name}`);
          expect(isDirectlyInside("/downloads", join("/downloads", name))).toBe(true);
        }
      }),
    );
  });
});

describe("numberedFileName", () => {
  it.each([
    ["photo.png", 1, "photo.png"],
    ["photo.png", 2, "photo (2).png"],
    ["archive.tar.gz", 3, "archive.tar (3).gz"],
    ["README", 2, "README (2)"],
  ])("numbers %j, %d as %j", (name, count, expected) => {
    expect(numberedFileName(name, count)).toBe(expected);
  });

  it("stays within 255 bytes", () => {
    const name = numberedFileName(`${"a".repeat(251)}.png`, 10_000);
    expect(name).toMatch(/^a+ \(10000\)\.png$/);
    expect(utf8Bytes(name)).toBe(255);
  });
});

describe("The name of a part", () => {
  it("says of which file it is, and whose, and fits", () => {
    for (const name of ["photo.png", "a.part", `${"😀".repeat(60)}.png`, "x".repeat(255)]) {
      const entry = partFileName(name, part);
      expect(utf8Bytes(entry)).toBeLessThanOrEqual(255);
      const parsed = parsePartName(entry);
      expect(parsed).toMatchObject({ sha256: part.sha256, pid: part.pid });
      expect(parsed && isPartOf(parsed, name)).toBe(true);
      expect(parsed && isPartOf(parsed, `other ${name}`)).toBe(false);
    }
  });

  it("is that of a twin, too", () => {
    const parsed = parsePartName(partFileName("Photo.PNG", part));
    expect(parsed && isPartOf(parsed, "photo.png")).toBe(true);
  });

  it.each([
    "photo.png",
    "x.part",
    `a.${part.sha256}.part`,
    `a.${part.sha256}.0-1.part`,
    `.${part.sha256}.1-1.part`,
  ])("is none: %s", (entry) => {
    expect(parsePartName(entry)).toBeUndefined();
  });
});

describe("isDirectlyInside", () => {
  it.each(["/downloads", "/downloads/a/b", "/downloads/../x", "/downloadsx", "/x", "/downloads/.."])(
    "refuses %j",
    (path) => {
      expect(isDirectlyInside("/downloads", path)).toBe(false);
    },
  );
});
