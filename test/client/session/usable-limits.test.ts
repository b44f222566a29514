// What a client makes of the limits of a server that it cannot know.

import { usableLimits } from "../../../client/session/usable-limits.js";
import { defaultLimits } from "../../../shared/limits.js";

describe("usableLimits", () => {
  it("takes a good server's limits as they are", () => {
    expect(usableLimits(defaultLimits)).toEqual(defaultLimits);
  });

  it.each(["lineBytes", "chunkBytes", "windowBytes", "historyCount"] as const)(
    "refuses a server whose %s is 0",
    (name) => {
      expect(() => usableLimits({ ...defaultLimits, [name]: 0 })).toThrow(
        `The server cannot be used: it says that its ${name} is 0.`,
      );
    },
  );

  it("never makes a chunk larger than the window, nor than memory should hold", () => {
    const huge = { ...defaultLimits, chunkBytes: Number.MAX_SAFE_INTEGER };
    expect(usableLimits({ ...huge, windowBytes: 100 }).chunkBytes).toBe(100);
    expect(usableLimits({ ...huge, windowBytes: Number.MAX_SAFE_INTEGER }).chunkBytes).toBe(1024 * 1024);
  });
});
