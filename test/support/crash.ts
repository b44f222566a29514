// The crash harness: writers under load, `kill -9` at a random moment, a restart on the same data, and the
// question whether everything that anybody had been shown is in the history, numbers without holes.

import { setTimeout as sleep } from "node:timers/promises";
import { startProgram, type Program } from "./program.js";
import { joinRoom, type Peer } from "./peer.js";
import { Talker, type Entry } from "./talker.js";

export interface CrashOptions {
  readonly dataFolder: string;
  /** The folder of the build to run; the project's own when left out. */
  readonly folder?: string;
  readonly rounds: number;
  readonly writers: number;
  /** 0 to 1, for the moment of each kill. */
  readonly random: () => number;
}

export interface CrashReport {
  /** Entries shown to somebody, over all rounds. */
  shown: number;
  /** Shown, and not in the history afterwards as they were shown. */
  lost: string[];
  /** Numbers missing in a history. */
  holes: string[];
  /** Rounds that were killed while entries were being shown. */
  killedUnderLoad: number;
}

const rooms = ["left", "right"];
const inFlight = 16;
const minLoadMs = 150;
const spreadMs = 250;

export async function crashRepeatedly(options: CrashOptions): Promise<CrashReport> {
  const report: CrashReport = { shown: 0, lost: [], holes: [], killedUnderLoad: 0 };
  const verified = new Map(rooms.map((room) => [room, 0]));
  for (let round = 0; round < options.rounds; round++) {
    const shown = await loadAndKill(options, round);
    report.shown += shown.size;
    if (shown.size > 0) report.killedUnderLoad++;
    const program = await startProgram(options.dataFolder, { folder: options.folder });
    for (const room of rooms) {
      const reader = await joinRoom(program.port, "auditor", room);
      verified.set(room, await audit(reader, { room, after: verified.get(room) ?? 0, shown, report }));
      reader.socket.destroy();
    }
    await program.kill();
  }
  return report;
}

/** Entries that were shown, by room and number. */
type Shown = Map<string, string>;

const place = (room: string, seq: number) => `${room}/${seq}`;

async function loadAndKill(options: CrashOptions, round: number): Promise<Shown> {
  const program = await startProgram(options.dataFolder, { folder: options.folder });
  const shown: Shown = new Map();
  const onEntry = (entry: Entry, talker: Talker) => {
    shown.set(place(entry.room, entry.seq), entry.line);
    if (entry.from === talker.name) say(talker, entry.room);
  };
  let said = 0;
  const say = (talker: Talker, room: string) => {
    talker.send({ type: "message", room, id: `${round}-${said++}`, text: "what was shown stays" });
  };
  const talkers = await openTalkers(program, options.writers, onEntry);
  for (const talker of talkers) {
    for (let count = 0; count < inFlight; count++) for (const room of rooms) say(talker, room);
  }
  await sleep(minLoadMs + options.random() * spreadMs);
  await program.kill();
  await Promise.all(talkers.map((talker) => talker.closed));
  return shown;
}

function openTalkers({ port }: Program, count: number, onEntry: (entry: Entry, talker: Talker) => void) {
  const names = Array.from({ length: count }, (_, index) => `writer-${index}`);
  return Promise.all(names.map((name) => Talker.open({ port, name, rooms, onEntry })));
}

interface Audit {
  readonly room: string;
  readonly after: number;
  readonly shown: Shown;
  readonly report: CrashReport;
}

// Reads on from the last number that was found in order, and returns the new one.
async function audit(reader: Peer, { room, after, shown, report }: Audit): Promise<number> {
  const history = new Map<number, string>();
  let last = after;
  for (let more = true; more;) {
    reader.send({ type: "history", room, after: last, limit: 500 });
    const page = await reader.next("history");
    for (let count = Number(page.count); count > 0; count--) {
      const entry = await reader.next("message");
      const seq = Number(entry.seq);
      if (seq !== last + 1) report.holes.push(`${place(room, last + 1)} is missing before ${seq}`);
      history.set(seq, JSON.stringify(entry));
      last = seq;
    }
    more = page.more === true;
  }
  for (const [at, line] of shown) {
    const [name, seq] = at.split("/");
    if (name === room && history.get(Number(seq)) !== line) report.lost.push(`${at}: ${line}`);
  }
  return last;
}
