import { Turnstile } from "../../server/turnstile.js";

describe("Turnstile", () => {
  it("lets so many run at once and begins the others in the order they came", async () => {
    const turnstile = new Turnstile(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const works = [0, 1, 2, 3].map((n) =>
      turnstile.pass(async () => {
        begun.push(n);
        await new Promise<void>((end) => (ends[n] = end));
        return n;
      }),
    );

    expect(begun).toEqual([0, 1]);
    ends[1]?.();
    await works[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    await works[0];
    await Promise.resolve();
    ends[2]?.();
    ends[3]?.();

    expect(await Promise.all(works)).toEqual([0, 1, 2, 3]);
  });

  it("gives the place of a work that failed to the next", async () => {
    const turnstile = new Turnstile(1);

    const failed = turnstile.pass(() => Promise.reject(new Error("it failed")));
    const next = turnstile.pass(() => Promise.resolve("done"));

    await expect(failed).rejects.toThrow("it failed");
    expect(await next).toBe("done");
    expect(await turnstile.pass(() => Promise.resolve("again"))).toBe("again");
  });
});
