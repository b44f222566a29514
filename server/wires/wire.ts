// The boundary between a connection and whatever carries its lines. A wire knows no rooms and no messages.

import type { Line } from "../../shared/lines.js";

/**
 * A pipe that carries lines both ways. Laws, for every implementation:
 * - Lines come in the order sent, whole and size-checked. A longer line is `tooLong`, once, and is not held.
 * - While nobody asks for the next lines, the peer is paused: at most one read is kept here.
 * - When the peer ends its sending half, `lines` ends, and `send` still works.
 * - `send` keeps order, never blocks and never throws. After the end it does nothing.
 * - Nothing waits for ever: when the peer takes no byte for its deadline, `stalled` resolves; when it takes none of
 *   the goodbye either, the wire destroys itself.
 */
export interface Wire {
  /**
   * Batches of lines, each valid until the next is asked for; ended when the peer has no more to say or is gone. May be
   * iterated once.
   */
  readonly lines: AsyncIterable<readonly Line[]>;
  /** Whom this is from, for the log: an address and a port. */
  readonly remote: string;
  /** Bytes that were sent and that the socket has not taken yet. */
  readonly pendingBytes: number;
  /**
   * Sends bytes, or text as UTF-8: one line or several, line feeds included. Bytes are not to be changed before
   * `onTaken` is called, which is when the system has taken them or the wire is closed.
   */
  send(lines: Uint8Array | string, onTaken?: () => void): void;
  /** Resolves when there is no more pending than the socket buffers by itself, or when the wire is closed. */
  ready(): Promise<void>;
  /** False from the moment that nothing can be sent any more. */
  readonly isOpen: boolean;
  /** Sends what is pending, then ends; ends at once when that takes too long. */
  close(): void;
  /** Resolves when the peer took no byte for too long while some waited; never, if that does not happen. */
  readonly stalled: Promise<void>;
  /** Ends at once. */
  destroy(): void;
  /** Resolves when both halves have ended, however they did. */
  readonly closed: Promise<void>;
}
