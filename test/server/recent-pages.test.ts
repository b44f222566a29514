// Pages lately read: shared by those who want the same, bounded for all.

import type { Page } from "../../server/engine.js";
import { RecentPages } from "../../server/recent-pages.js";

const page = (bytes: number): Page => ({ from: 1, to: 1, more: false, bytes: Buffer.alloc(bytes) });

/** Pages of 40 bytes, and how often each was read. */
function openPages(maxBytes: number) {
  const pages = new RecentPages(maxBytes);
  const reads: string[] = [];
  const get = (key: string) =>
    pages.get({ epoch: "e", range: key }, () => {
      reads.push(key);
      return Promise.resolve(page(40));
    });
  return { pages, reads, get };
}

describe("RecentPages", () => {
  it("reads a page once for all who want it, at once or soon after", async () => {
    const { reads, get } = openPages(100);
    const [one, other] = await Promise.all([get("a"), get("a")]);
    expect(one).toBe(other);
    expect(await get("a")).toBe(one);
    expect(reads).toEqual(["a"]);
  });

  it("forgets the page that was wanted longest ago, past its bound", async () => {
    const { reads, get } = openPages(100);
    for (const key of ["a", "b", "a", "c", "a", "b"]) await get(key);
    expect(reads).toEqual(["a", "b", "c", "b"]);
  });

  it("keeps none that is larger than its bound, and goes on counting right", async () => {
    const { pages, reads, get } = openPages(100);
    expect(await pages.get({ epoch: "e", range: "large" }, () => Promise.resolve(page(500)))).toMatchObject({
      bytes: { length: 500 },
    });
    for (const key of ["a", "b", "a", "b"]) await get(key);
    expect(reads).toEqual(["a", "b"]);
  });

  it("tries again what could not be read", async () => {
    const { pages, get } = openPages(100);
    await expect(
      pages.get({ epoch: "e", range: "a" }, () => Promise.reject(new Error("no"))),
    ).rejects.toThrow("no");
    expect(await get("a")).toMatchObject({ bytes: { length: 40 } });
  });
});
