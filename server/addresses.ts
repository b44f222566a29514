// How many connections each address has, so that one machine cannot take all of them. Loopback is never counted:
// behind a proxy or a tunnel it is everybody.

export class Addresses {
  readonly #maxEach: number;
  readonly #counts = new Map<string, number>();

  /** @param maxEach connections of one address; Infinity for no bound */
  constructor(maxEach: number) {
    this.#maxEach = maxEach;
  }

  /** Counts a connection in, and returns the way to count it out; undefined when its address has enough of them. */
  enter(address: string): (() => void) | undefined {
    if (isLoopback(address)) return () => undefined;
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#maxEach) return undefined;
    this.#counts.set(address, count + 1);
    return () => {
      const left = (this.#counts.get(address) ?? 1) - 1;
      if (left === 0) this.#counts.delete(address);
      else this.#counts.set(address, left);
    };
  }
}

/** 127.0.0.0/8 and ::1 (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3), also as an IPv4-mapped address. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address);
}
