// How fast a transfer is said to be, by a clock that the test holds.

import { Pace } from "../../../client/transfer/pace.js";

function paceAt(): { pace: Pace; after: (ms: number) => void } {
  let now = 0;
  const pace = new Pace(() => now);
  return { pace, after: (ms) => (now += ms) };
}

describe("The pace of a transfer", () => {
  it("is that of the last seconds, and does not count what was there at the beginning", () => {
    const { pace, after } = paceAt();
    expect(pace.speed(1_000_000, 2_000_000)).toBeUndefined();
    after(1000);
    expect(pace.speed(1_100_000, 2_000_000)).toEqual({ bytesPerSecond: 100_000, secondsLeft: 9 });
    for (let second = 0; second < 10; second++) {
      after(1000);
      pace.speed(1_100_000 + second * 10_000, 2_000_000);
    }
    after(1000);
    expect(pace.speed(1_200_000, 2_000_000)?.bytesPerSecond).toBeCloseTo(10_000);
  });

  it("begins anew where a transfer goes on from an earlier offset", () => {
    const { pace, after } = paceAt();
    pace.speed(1_000_000, 2_000_000);
    after(1000);
    expect(pace.speed(500_000, 2_000_000)).toBeUndefined();
    after(1000);
    expect(pace.speed(600_000, 2_000_000)?.bytesPerSecond).toBe(100_000);
  });

  it("knows no end of what stands still, or has no size", () => {
    const { pace, after } = paceAt();
    pace.speed(1, 10);
    after(1000);
    expect(pace.speed(1, 10)).toEqual({ bytesPerSecond: 0, secondsLeft: undefined });
    expect(pace.speed(5, undefined)?.secondsLeft).toBeUndefined();
  });
});
