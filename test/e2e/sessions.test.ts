// Sessions of the client library against the real server, over a network that is cut and frozen at random and a
// server that is killed at random: everybody is given everything once and in order, and what is said is said once.

import { openSession } from "../../client/session/connect.js";
import type { Session } from "../../client/session/session.js";
import { cleanUp } from "../support/cleanup.js";
import { startFlakyNetwork, type FlakyNetwork } from "../support/flaky-network.js";
import { joinRoom } from "../support/peer.js";
import { startProgram, type Program } from "../support/program.js";
import { runSeed, seededRandom } from "../support/random.js";
import { temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";

const isSoak = process.env.ROOMLINE_SOAK !== undefined;
const people = ["alice", "bob", "carol"];
const rooms = ["lab", "den"];
const blows = isSoak ? 200 : 10;

interface Talk {
  readonly session: Session;
  readonly network: FlakyNetwork;
  /** As they were given, by room. */
  readonly seen: Map<string, string[]>;
  readonly seqs: Map<string, number[]>;
  /** Of what was said here and recorded. */
  readonly recorded: Map<string, number[]>;
  /** How many texts were said here. */
  saidCount: number;
  isOver: boolean;
  done: Promise<void>;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function beginTalk(name: string, port: number): Promise<Talk> {
  const network = await startFlakyNetwork(port);
  const times = { pingAfterMs: 200, pingTimeoutMs: 200 };
  const session = await openSession({ port: network.port, name, room: null, ...times });
  cleanUp(() => session.close());
  const lists = () => new Map(rooms.map((room) => [room, []]));
  const talk: Talk = {
    session,
    network,
    seen: lists(),
    seqs: lists(),
    recorded: lists(),
    saidCount: 0,
    isOver: false,
    done: Promise.resolve(),
  };
  session.on("message", ({ room, seq, from, text }) => {
    talk.seen.get(room)?.push(`${from}: ${text}`);
    talk.seqs.get(room)?.push(seq);
  });
  for (const room of rooms) await session.join(room);
  return talk;
}

/** Numbered texts, eight on their way at a time, until it is over. */
async function sayAll(talk: Talk): Promise<void> {
  const { session, recorded } = talk;
  const lane = async () => {
    while (!talk.isOver) {
      const text = String(talk.saidCount++);
      const room = rooms[Number(text) % rooms.length] ?? "";
      const entry = await session.say(text, room);
      expect(entry).toMatchObject({ room, text, from: session.name });
      recorded.get(room)?.push(entry.seq);
      await wait(10);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

async function historyOf(port: number, room: string): Promise<string[]> {
  const judge = await joinRoom(port, `judge of ${room}`, "court");
  judge.send({ type: "join", room, since: 0 });
  await judge.next("live");
  return judge.all("message").map(({ from, text }) => `${String(from)}: ${String(text)}`);
}

describe("Sessions over a bad network to a server that is killed", () => {
  it(
    "are given everything once and in order, and what they say is recorded once",
    async () => {
      const seed = runSeed();
      const random = seededRandom(seed);
      const data = await temporaryFolder();
      let program: Program = await startProgram(data);
      const { port } = program;
      const talks = await Promise.all(people.map((name) => beginTalk(name, port)));
      // The rooms have no log yet, and begin another one with the next server.
      await program.kill();
      program = await startProgram(data, { port });
      for (const talk of talks) talk.done = sayAll(talk);
      const counts = { cuts: 0, freezes: 0, kills: 0 };
      for (let blow = 0; blow < blows; blow++) {
        await wait(50 + random() * 200);
        const victim = talks[Math.floor(random() * talks.length)];
        const kind = random();
        if (kind < 0.4) {
          victim?.network.cut();
          counts.cuts++;
        } else if (kind < 0.7) {
          victim?.network.freeze();
          await wait(600);
          victim?.network.thaw();
          counts.freezes++;
        } else {
          await program.kill();
          program = await startProgram(data, { port });
          counts.kills++;
        }
      }
      for (const talk of talks) talk.isOver = true;
      await Promise.all(talks.map(({ done }) => done));
      const saidCount = talks.reduce((sum, talk) => sum + talk.saidCount, 0);
      console.log(`sessions: seed ${seed}, ${saidCount} texts, ${JSON.stringify(counts)}`);

      for (const room of rooms) {
        const history = await historyOf(port, room);
        const said = talks.flatMap(({ session: { name }, saidCount }) =>
          Array.from({ length: saidCount }, (_, n) => n)
            .filter((n) => rooms[n % rooms.length] === room)
            .map((n) => `${name}: ${n}`),
        );
        // Each once, whatever broke.
        expect([seed, [...history].sort()]).toEqual([seed, said.sort()]);
        for (const talk of talks) {
          await until(() => talk.seqs.get(room)?.at(-1) === history.length);
          expect([seed, talk.session.name, talk.seen.get(room)]).toEqual([seed, talk.session.name, history]);
          const own = history.flatMap((line, n) => (line.startsWith(`${talk.session.name}:`) ? [n + 1] : []));
          expect(talk.recorded.get(room)?.sort((a, b) => a - b)).toEqual(own);
        }
      }
      await program.stop();
    },
    isSoak ? 600_000 : 90_000,
  );
});
