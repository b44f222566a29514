// Which names count as the same (HOSTILE N3): one key whatever the form and the case.

import * as fc from "fast-check";
import { nameKey } from "../../shared/names.js";
import { nastyCharacter } from "../support/nasty-character.js";

describe("nameKey", () => {
  it.each([
    ["case", "Alice", "aLICE"],
    ["composed and not", "zo\u00eb", "zoe\u0308"],
    ["the Kelvin sign", "\u212aelvin", "kelvin"],
    ["the sharp s", "Straße", "STRASSE"],
    ["the capital sharp s", "STRA\u1e9eE", "strasse"],
    ["the long s", "\u017fea", "sea"],
    ["sigmas", "ΌΣΟΣ", "όσος"],
    ["a sigma in another place", "όσοσ", "όσος"],
    ["full width", "\uff21lice", "alice"],
    ["a ligature", "\ufb01le", "file"],
    ["a Roman number", "\u2167", "viii"],
    ["a no-break space", "a\u00a0b", "a b"],
    ["an emoji with and without its selector", "❤️", "❤"],
  ])("is one for %s", (_what, one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  it.each([
    ["an accent", "zoe", "zoë"],
    ["a blank", "ab", "a b"],
    ["another emoji", "👩‍💻", "👨‍💻"],
    ["another skin", "👍🏽", "👍🏿"],
  ])("is another for %s", (_what, one, other) => {
    expect(nameKey(one)).not.toBe(nameKey(other));
  });

  it("is the same for every form and case of a character, and its own key", () => {
    const strays: string[] = [];
    for (let code = 0; code <= 0x2ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      const key = nameKey(character);
      const twins = [key, character.toUpperCase(), character.toLowerCase(), character.normalize("NFKD")];
      if (twins.some((twin) => nameKey(twin) !== key)) strays.push(code.toString(16));
    }
    expect(strays).toEqual([]);
  });

  it("is the same for every form and case of a text", () => {
    fc.assert(
      fc.property(fc.string({ unit: nastyCharacter() }), (given) => {
        const text = given.normalize("NFC");
        const key = nameKey(text);
        for (const twin of [key, text.toUpperCase(), text.toLowerCase(), text.normalize("NFD")])
          expect(nameKey(twin)).toBe(key);
      }),
      { numRuns: 2000 },
    );
  });
});
