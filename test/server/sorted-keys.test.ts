import fc from "fast-check";
import { compareKeys, SortedKeys } from "../../server/sorted-keys.js";

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const text = fc.string({ unit: "grapheme" });

describe("compareKeys", () => {
  it("orders as the bytes in UTF-8 do, also above the surrogates", () => {
    fc.assert(fc.property(text, text, (a, b) => Math.sign(compareKeys(a, b)) === Math.sign(byBytes(a, b))));
    expect(compareKeys("\uff5e", "😀")).toBeLessThan(0);
  });
});

describe("SortedKeys", () => {
  it("pages through what was added and not deleted, in order", () => {
    fc.assert(
      fc.property(fc.array(text), fc.array(text), fc.integer({ min: 1, max: 5 }), (added, deleted, limit) => {
        const keys = new SortedKeys();
        for (const key of added) keys.add(key);
        for (const key of deleted) keys.delete(key);
        const pages: string[] = [];
        for (
          let page = keys.after(undefined, limit);
          page.length > 0;
          page = keys.after(pages.at(-1), limit)
        ) {
          pages.push(...page);
        }
        const gone = new Set(deleted);
        expect(pages).toEqual([...new Set(added)].filter((key) => !gone.has(key)).sort(byBytes));
      }),
    );
  });
});
