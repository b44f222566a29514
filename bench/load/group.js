// Members that were opened together and are told the same: to stop, to read again, to talk, to go.

import { setTimeout as sleep } from "node:timers/promises";
import { Member } from "./member.js";

export class Group {
  record;
  members = [];
  /** Of every line that is no entry, by its type. */
  lines = {};
  bytes = 0;
  lastError;
  /** The number that its members go on from; undefined: the head. */
  since;
  onBytes;
  #port;

  constructor(port, record) {
    this.#port = port;
    this.record = record;
  }

  /** Resolves when all are in the room. So many are on their way at once. */
  async join({ count, name, room, since, atOnce = 100, isCrawler, deadlineMs = 120_000 }) {
    this.since = since;
    let next = this.members.length;
    const end = next + count;
    const more = () => {
      if (next === end) return;
      const member = this.#open({ isCrawler });
      member.send({ type: "connect", name: `${name}-${next++}`, room, since });
    };
    this.onJoined = more;
    const inTime = deadline(deadlineMs);
    for (let begun = 0; begun < Math.min(atOnce, count); begun++) more();
    while (next < end || !this.members.every((member) => member.isIn)) {
      if (inTime()) await sleep(5);
      else
        throw new Error(
          `${this.members.filter(({ isIn }) => isIn).length} of ${end} are in after ${deadlineMs} ms`,
        );
    }
  }

  /** Sockets that are connected and have said nothing, or what they are told to say. */
  async connect({ count, says, atOnce = 500 }) {
    for (let left = count; left > 0; left -= atOnce) {
      const members = Array.from({ length: Math.min(left, atOnce) }, () => this.#open({}));
      await Promise.all(members.map(connected));
      if (says !== undefined) for (const member of members) member.send(says);
    }
  }

  /** The first says so many messages, each when one of its earlier ones has come back; `inFlight` at once. */
  talk({ messages, textBytes, inFlight }) {
    const [talker] = this.members;
    const text = "x".repeat(textBytes);
    const first = this.record.head;
    let said = 0;
    const sayMore = () => {
      const most = Math.min(messages, this.record.head - first + inFlight);
      let lines = "";
      while (said < most) lines += `{"type":"message","id":"${first}-${said++}","text":"${text}"}\n`;
      if (lines !== "") talker.send(lines);
    };
    this.onBytes = sayMore;
    sayMore();
  }

  /** Resolves when every member has everything up to a number. */
  async reach({ seq, deadlineMs = 300_000 }) {
    const inTime = deadline(deadlineMs);
    while (!this.members.every((member) => member.has(seq))) {
      const [fault] = this.facts().faults;
      if (fault !== undefined) throw new Error(fault);
      if (!inTime())
        throw new Error(`${this.countOf(seq)} have everything up to ${seq} after ${deadlineMs} ms`);
      await sleep(5);
    }
  }

  countOf(seq) {
    return this.members.filter((member) => member.has(seq)).length;
  }

  /** Resolves when so many lines of a type have come. */
  async awaitLines({ type, count, deadlineMs = 120_000 }) {
    const inTime = deadline(deadlineMs);
    while ((this.lines[type]?.count ?? 0) < count) {
      if (!inTime())
        throw new Error(`${this.lines[type]?.count ?? 0} of ${count} ${type} after ${deadlineMs} ms`);
      await sleep(5);
    }
  }

  /** Ends all and resolves when they have ended; or only awaits that the server ends them. */
  async close({ how }) {
    for (const member of this.members) {
      if (how === "quit") member.send({ type: "quit" });
      else if (how === "end") member.socket.end();
      else if (how === "reset") member.socket.resetAndDestroy();
      else if (how === "destroy") member.socket.destroy();
    }
    await Promise.all(this.members.map(({ closed }) => closed));
  }

  facts() {
    const { record, members, lines, bytes, lastError } = this;
    const { head } = record;
    const faults = members.flatMap(({ fault, error }) => [fault ?? error?.message].filter(Boolean));
    const open = members.filter(({ socket }) => !socket.destroyed).length;
    return {
      members: members.length,
      open,
      head,
      haveAll: this.countOf(head),
      faults,
      lines,
      bytes,
      lastError,
    };
  }

  #open(options) {
    const member = new Member(this.#port, this, options);
    this.members.push(member);
    return member;
  }
}

function connected({ socket }) {
  return new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
}

function deadline(ms) {
  const end = performance.now() + ms;
  return () => performance.now() < end;
}
