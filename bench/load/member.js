// One socket of a load: counts what comes and checks the entries of its room. Costs little per line, because it
// shares the machine with the server that it loads.

import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { setTimeout } from "node:timers";

/** Nobody keeps what is read, so that all sockets read into the same memory. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);
const crawlIntervalMs = 1000;

export class Member {
  socket;
  isIn = false;
  /** What went wrong, first of all. */
  fault;
  closed;
  #group;
  /** The number to go on from, until it is known where that is in the record. */
  #after;
  #offset;
  #carry;

  #crawls = false;

  /** @param isCrawler whether it can be told to read a byte a second */
  constructor(port, group, { isCrawler = false, localAddress } = {}) {
    this.#group = group;
    const callback = (length, buffer) => {
      this.#take(buffer.subarray(0, length));
      if (this.#crawls) setTimeout(() => this.socket.resume(), crawlIntervalMs);
      return !this.#crawls;
    };
    const oneByte = Buffer.alloc(1);
    const buffer = isCrawler ? () => (this.#crawls ? oneByte : readBuffer) : readBuffer;
    const onread = { buffer, callback };
    this.socket = connect({
      port,
      host: "127.0.0.1",
      localAddress,
      allowHalfOpen: true,
      noDelay: true,
      onread,
    });
    this.socket.on("error", (error) => (this.error = error));
    this.socket.on("end", () => this.socket.end());
    this.closed = new Promise((resolve) => this.socket.on("close", resolve));
  }

  send(request) {
    this.socket.write(typeof request === "string" ? request : `${JSON.stringify(request)}\n`);
  }

  /** From its next read on it reads one byte a second. */
  crawl() {
    this.#crawls = true;
  }

  /** Whether it was given everything up to a number. */
  has(seq) {
    if (this.#carry !== undefined) this.#take(Buffer.alloc(0));
    const offset = this.#group.record.offsetAfter(seq);
    return this.isIn && offset !== undefined && this.#offset >= offset;
  }

  #take(chunk) {
    this.#group.bytes += chunk.length;
    const bytes = this.#carry === undefined ? chunk : Buffer.concat([this.#carry, chunk]);
    this.#carry = undefined;
    for (let at = 0; at < bytes.length;) {
      const matched = this.#matched(bytes, at);
      const end = matched > 0 ? at + matched : bytes.indexOf(0x0a, at) + 1;
      if (end === 0 || (matched === 0 && !this.#isPlaced(bytes, at))) {
        this.#carry = Buffer.from(bytes.subarray(at));
        break;
      }
      if (matched === 0) this.#takeLine(bytes.subarray(at, end));
      at = end;
    }
    this.#group.onBytes?.();
  }

  #matched(bytes, at) {
    if (this.#offset === undefined) return 0;
    const matched = this.#group.record.match(this.#offset, bytes, at);
    this.#offset += matched;
    return matched;
  }

  // Entries of one who joined late wait until another has shown what came before them.
  #isPlaced(bytes, at) {
    if (this.#after !== undefined) {
      this.#offset = this.#group.record.offsetAfter(this.#after);
      if (this.#offset !== undefined) this.#after = undefined;
    }
    return this.#after === undefined || !isEntry(bytes.subarray(at));
  }

  #takeLine(line) {
    const { record } = this.#group;
    const isInside = this.#offset !== undefined && !record.isLineStart(this.#offset);
    if (!isInside && !isEntry(line)) this.#takeOther(line);
    // As it was recorded: it is only what follows that is another line.
    else if (this.#matched(line, 0) === line.length) return;
    else if (!isInside && record.isAtEnd(this.#offset) && record.add(line)) this.#offset += line.length;
    else this.fault ??= `a hole, a double or another line: ${line.toString().slice(0, 120)}`;
  }

  #takeOther(line) {
    const type = line.toString("latin1", 9, line.indexOf('"', 9));
    const total = (this.#group.lines[type] ??= { count: 0, bytes: 0 });
    total.count++;
    total.bytes += line.length;
    if (type === "joined") {
      this.isIn = true;
      this.#after ??= this.#group.since ?? JSON.parse(line).head;
      this.#isPlaced(line, 0);
      this.#group.onJoined?.();
    } else if (type === "error" || (type === "bye" && this.#group.lastError === undefined)) {
      this.#group.lastError = line.toString().trim();
    }
  }
}

function isEntry(line) {
  return line.length > 9 && line[9] === 0x6d && line.toString("latin1", 0, 16) === '{"type":"message';
}
