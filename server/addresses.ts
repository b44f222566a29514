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
    const owner = ownerOf(address);
    const count = this.#counts.get(owner) ?? 0;
    if (count >= this.#maxEach) return undefined;
    this.#counts.set(owner, count + 1);
    return () => {
      const left = (this.#counts.get(owner) ?? 1) - 1;
      if (left === 0) this.#counts.delete(owner);
      else this.#counts.set(owner, left);
    };
  }
}

/** 127.0.0.0/8 and ::1 (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3), also as an IPv4-mapped address. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address);
}

/**
 * What is one address as far as counting goes: of IPv6 the network of 64 bits, since a single machine has all
 * addresses of one (RFC 4291 section 2.5.4).
 */
function ownerOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [head = "", tail] = address.split("::");
  const parts = head.split(":");
  const tailParts = tail === undefined ? [] : tail.split(":");
  while (tail !== undefined && parts.length + tailParts.length < 8) parts.push("0");
  return parts.concat(tailParts).slice(0, 4).join(":");
}
