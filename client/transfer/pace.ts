// How fast a transfer goes, and how long it will take: of the last seconds, since a network has its moods. Pure.

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

export interface Speed {
  readonly bytesPerSecond: number;
  /** In seconds; undefined when nobody knows how much there is to come, or nothing comes. */
  readonly secondsLeft: number | undefined;
}

const windowMs = 5_000;
const sampleEveryMs = 100;

export class Pace {
  readonly #now: () => number;
  #samples: Sample[] = [];

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Undefined until it can be told. */
  speed(bytes: number, size: number | undefined): Speed | undefined {
    const at = this.#now();
    const last = this.#samples.at(-1);
    // What begins at an offset, or goes back to one, was not that fast.
    if (last !== undefined && bytes < last.bytes) this.#samples = [];
    if (last === undefined || bytes < last.bytes || at - last.at >= sampleEveryMs)
      this.#samples.push({ at, bytes });
    while ((this.#samples[1]?.at ?? at) < at - windowMs) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || at - first.at < sampleEveryMs) return undefined;
    const bytesPerSecond = ((bytes - first.bytes) * 1000) / (at - first.at);
    const isKnown = size !== undefined && bytesPerSecond > 0;
    return { bytesPerSecond, secondsLeft: isKnown ? (size - bytes) / bytesPerSecond : undefined };
  }
}
