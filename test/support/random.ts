// A seeded random source (mulberry32, public domain), so that a run can be repeated from the seed it printed.

export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: of the environment, or a new one. Print it. */
export function runSeed(): number {
  return Number(process.env.ROOMLINE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
}
