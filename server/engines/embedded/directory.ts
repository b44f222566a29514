// The embedded Directory: who is here, in memory, because one process is everybody. After a restart all names
// are free at once; sessions live on in the clients' hands.

import { randomBytes } from "node:crypto";
import { RoomError } from "../../../shared/errors.js";
import { parsePersonName, type Name } from "../../../shared/names.js";
import type { Claim, ClaimRequest, Directory } from "../../engine.js";
import { isSameToken } from "./operator-token.js";
import { newSender, sessionLifetimeMs, signSession, verifySession } from "./sessions.js";

/** Past so many the oldest ends are forgotten; those sessions then count from when they were issued. */
const maxEndedSessions = 10_000;

export interface DirectoryKeys {
  /** Signs sessions. */
  readonly key: Buffer;
  /** What an operator shows. */
  readonly operatorToken: string;
}

interface Holder {
  readonly sender: string;
  readonly onTakeover: () => void;
}

export class EmbeddedDirectory implements Directory {
  readonly #key: Buffer;
  readonly #nowMs: () => number;
  readonly #operatorToken: string;
  readonly #openedMs: number;
  readonly #holders = new Map<string, Holder>();
  /** When the last connection of a session ended, for as long as that matters; oldest first. */
  readonly #ended = new Map<string, number>();

  constructor({ key, operatorToken }: DirectoryKeys, nowMs: () => number = Date.now) {
    this.#key = key;
    this.#operatorToken = operatorToken;
    this.#nowMs = nowMs;
    this.#openedMs = nowMs();
  }

  /**
   * Whether somebody may still come back as this sender. For a day after the start nobody knows who may.
   */
  isKnown(sender: string): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - this.#openedMs <= sessionLifetimeMs) return true;
    if (nowMs - (this.#ended.get(sender) ?? -Infinity) <= sessionLifetimeMs) return true;
    return Array.from(this.#holders.values()).some((holder) => holder.sender === sender);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the boundary is asynchronous, this engine is not
  async claim(request: ClaimRequest): Promise<Claim> {
    const { token } = request;
    if (token !== undefined && !isSameToken(token, this.#operatorToken)) {
      throw new RoomError("forbidden", { message: "That is not the operator's token." });
    }
    const name = request.name ?? this.#guestName();
    const known = this.#knownSender(name, request.session);
    const sender = known ?? newSender();
    const older = this.#holders.get(name.key);
    if (older !== undefined && older.sender !== sender) {
      throw new RoomError("name-taken", { message: `${name.shown} is already here.` });
    }
    const holder = { sender, onTakeover: request.onTakeover };
    this.#holders.set(name.key, holder);
    older?.onTakeover();
    const renewed = () => signSession(this.#key, name.key, { sender, issuedMs: this.#nowMs() });
    return {
      name,
      sender,
      session: renewed(),
      renewed,
      resumed: known !== undefined,
      isOperator: token !== undefined,
      release: () => {
        if (this.#holders.get(name.key) !== holder) return;
        this.#holders.delete(name.key);
        this.#rememberEnd(sender);
      },
    };
  }

  #knownSender(name: Name, token: string | undefined): string | undefined {
    const session = token === undefined ? undefined : verifySession(this.#key, name.key, token);
    if (session === undefined) return undefined;
    const isHere = this.#holders.get(name.key)?.sender === session.sender;
    const lastSeenMs = Math.max(session.issuedMs, this.#ended.get(session.sender) ?? 0);
    return isHere || this.#nowMs() - lastSeenMs <= sessionLifetimeMs ? session.sender : undefined;
  }

  #rememberEnd(sender: string): void {
    const nowMs = this.#nowMs();
    this.#ended.delete(sender);
    this.#ended.set(sender, nowMs);
    for (const [oldest, endedMs] of this.#ended) {
      if (nowMs - endedMs <= sessionLifetimeMs && this.#ended.size <= maxEndedSessions) break;
      this.#ended.delete(oldest);
    }
  }

  #guestName(): Name {
    for (let attempt = 0; ; attempt++) {
      // Short while short names are easy to find.
      const name = parsePersonName(`guest-${randomBytes(attempt < 8 ? 2 : 8).toString("hex")}`);
      if (!this.#holders.has(name.key)) return name;
    }
  }
}
