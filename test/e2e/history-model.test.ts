// Whatever is said, corrected, deleted and pruned in a room, in whatever order and across restarts: every way to read
// it agrees with a model that is an array of entries.

import * as fc from "fast-check";
import { HistoryModel, lineOf, type Entry, type Request } from "../support/history-model.js";
import { runServer } from "../support/commands.js";
import { isSoak } from "../support/load.js";
import { openPeer, type Answer, type Peer } from "../support/peer.js";
import { runSeed, seededRandom } from "../support/random.js";
import { startServer, temporaryFolder, type TestServer, type TestServerOptions } from "../support/server.js";

const words = ["apple", "pear", "fig", "plum", "date"];
const names = ["alice", "bob"];

type Command =
  | {
      readonly do: "say";
      readonly who: number;
      readonly type: string;
      readonly pick: number;
      readonly fields: object;
    }
  | { readonly do: "restart" }
  | { readonly do: "prune"; readonly keep: number };

const text = fc
  .array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 })
  .map((list) => list.join(" "));

function saying(type: string, fields: fc.Arbitrary<object>): fc.Arbitrary<Command> {
  return fc.record({
    do: fc.constant("say" as const),
    who: fc.nat(1),
    type: fc.constant(type),
    pick: fc.nat(1000),
    fields,
  });
}

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: saying("message", fc.record({ text })) },
  { weight: 5, arbitrary: saying("edit", fc.record({ text })) },
  {
    weight: 3,
    arbitrary: saying("react", fc.record({ emoji: fc.constantFrom("👍", "no"), on: fc.boolean() })),
  },
  { weight: 4, arbitrary: saying("delete", fc.constant({})) },
  { weight: 2, arbitrary: saying("topic", fc.record({ text: fc.oneof(text, fc.constant("")) })) },
  { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("prune" as const), keep: fc.integer({ min: 1, max: 12 }) }),
  },
);

/** A server and the people of its room, who come back with their sessions when it is started again. */
class Stage {
  readonly dataFolder: string;
  readonly #sessions = new Map<string, unknown>();
  #server: TestServer | undefined;
  #peers = new Map<string, Peer>();

  constructor(dataFolder: string) {
    this.dataFolder = dataFolder;
  }

  async start(options: TestServerOptions = {}): Promise<void> {
    await this.close();
    this.#server = await startServer({ dataFolder: this.dataFolder, ...options });
    for (const name of names) {
      const peer = await this.open({ name, session: this.#sessions.get(name) });
      this.#sessions.set(name, peer.all("connected")[0]?.session);
      this.#peers.set(name, peer);
    }
  }

  /** Somebody in the room, who was told so. */
  async open(connect: object): Promise<Peer> {
    const peer = await openPeer(this.#server?.port ?? 0);
    peer.send({ type: "connect", room: "lab", ...connect });
    await peer.next("joined");
    return peer;
  }

  peer(name: string): Peer {
    const peer = this.#peers.get(name);
    if (peer === undefined) throw new Error(`${name} is not here.`);
    return peer;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}

let requests = 0;

async function perform(stage: Stage, model: HistoryModel, command: Command): Promise<void> {
  if (command.do === "restart") return stage.start();
  if (command.do === "prune") return prune(stage, model, command.keep);
  const from = names[command.who] ?? "";
  const { type, fields } = command;
  const base = { type, id: `r${++requests}`, ...fields };
  const target = targetOf(model, from, command.pick);
  const request: Request = type === "message" || type === "topic" ? base : { ...base, target };
  const { seq, code } = await stage.peer(from).ask(request);
  expect([request, seq ?? code]).toEqual([request, model.apply(from, request)]);
}

/** Mostly a message of theirs, one of a few, so that it is changed again and again; else any, there or not. */
function targetOf(model: HistoryModel, from: string, pick: number): number {
  const own = model.entries.filter((entry) => entry.from === from && entry.type === "message").slice(-4);
  const chosen = pick % 4 === 0 ? undefined : own[pick % own.length]?.seq;
  return chosen ?? 1 + (pick % (model.head + 2));
}

async function prune(stage: Stage, model: HistoryModel, keep: number): Promise<void> {
  const retention = { all: { entries: keep, keepsFiles: true }, rooms: new Map() };
  await stage.start({ retention, retentionEveryMs: 5 });
  model.prune(keep);
  const [lowest] = model.entries;
  for (let from = -1; from < (lowest?.seq ?? 1);) {
    const page = await stage.peer("alice").ask({ type: "history", id: `r${++requests}`, after: 0, limit: 1 });
    from = Number(page.from);
  }
  await stage.start();
}

/** A way to read all that a room has; in pages, where there are some, of as many entries as `limit` says each time. */
type Way = (stage: Stage, limit: () => number) => Promise<Answer[]>;

interface HistoryPage {
  readonly header: Answer;
  readonly entries: Answer[];
  readonly changes: Answer[];
}

async function pageOf(peer: Peer, range: object): Promise<HistoryPage> {
  const [header, ...lines] = await peer.answersTo({
    type: "history",
    id: `r${++requests}`,
    changes: true,
    ...range,
  });
  if (header?.type !== "history") throw new Error(`No page: ${JSON.stringify(header)}`);
  const count = Number(header.count);
  expect(lines).toHaveLength(count + Number(header.changes));
  return { header, entries: lines.slice(0, count), changes: lines.slice(count) };
}

const waysToRead: Record<string, Way> = {
  async "history, forward"(stage, limit) {
    const all: Answer[] = [];
    for (let [after, more] = [0, true]; more;) {
      const { header, entries } = await pageOf(stage.peer("bob"), { after, limit: limit() });
      all.push(...entries);
      [after, more] = [Number(header.to), header.more === true];
    }
    return all;
  },
  async "history, backward"(stage, limit) {
    const all: Answer[] = [];
    for (let [before, more] = [Number.MAX_SAFE_INTEGER, true]; more;) {
      const { header, entries } = await pageOf(stage.peer("bob"), { before, limit: limit() });
      all.unshift(...entries);
      [before, more] = [Number(header.from), header.more === true];
    }
    return all;
  },
  async "the replay of join"(stage) {
    const peer = await stage.open({ name: "late", since: 0 });
    await peer.next("live");
    await peer.ask({ type: "quit", id: "q" });
    await peer.ended;
    return peer.received.filter(({ seq }) => seq !== undefined);
  },
  async "an export, beside the server"({ dataFolder }) {
    const { code, stdout } = await runServer(["export", "lab", "--data", dataFolder]);
    // A room that nobody has spoken in leaves nothing behind.
    if (code !== 0) return [];
    const lines = stdout.trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as Answer).filter(({ seq }) => seq !== undefined);
  },
};

async function expectAgreement(stage: Stage, model: HistoryModel, random: () => number): Promise<void> {
  const expected = model.entries.map(lineOf);
  const limit = () => 1 + Math.floor(random() * 10);
  // So that he has heard what alice said last, and a page is all that comes.
  await stage.peer("bob").answersTo();
  for (const [name, read] of Object.entries(waysToRead)) {
    const lines = (await read(stage, limit)).map(({ time: _time, ...line }) => line);
    expect([name, lines]).toEqual([name, expected]);
  }
  await expectChangesAndLost(stage, model, limit());
  const peer = stage.peer("bob");
  for (const word of words) {
    const answers = await peer.answersTo({ type: "search", id: `r${++requests}`, query: word });
    expect([word, answers.slice(1).map(({ seq }) => seq)]).toEqual([word, model.found(word)]);
  }
  const joined = await peer.ask({ type: "join", id: `r${++requests}`, room: "lab" });
  expect(joined).toMatchObject({ type: "joined", topic: model.topic.text, head: model.head });
}

/** Of a page somewhere: what changes its entries from above, and what is not there any more. */
async function expectChangesAndLost(stage: Stage, model: HistoryModel, limit: number): Promise<void> {
  const lowest = model.entries[0]?.seq ?? model.head + 1;
  const { header, changes } = await pageOf(stage.peer("bob"), { after: 0, limit });
  expect(header.lost).toEqual(lowest > 1 ? { from: 1, to: lowest - 1 } : undefined);
  const isAbout = ({ seq, target = 0 }: Entry) =>
    seq > Number(header.to) && target >= Number(header.from) && target <= Number(header.to);
  const expected = model.entries.filter(isAbout).map(lineOf);
  expect(changes.map(({ time: _time, ...line }) => line)).toEqual(expected);
}

describe("A room's history", () => {
  it(
    "is what a model says, whatever is done to it and however it is read",
    async () => {
      const seed = runSeed();
      console.info(`seed ${seed}`);
      const random = seededRandom(seed);
      const property = fc.asyncProperty(
        fc.array(command, { minLength: 20, maxLength: 60 }),
        async (commands) => {
          const [stage, model] = [new Stage(await temporaryFolder()), new HistoryModel()];
          await stage.start();
          for (const command of commands) await perform(stage, model, command);
          await expectAgreement(stage, model, random);
          await stage.close();
        },
      );
      await fc.assert(property, {
        ...{ seed, numRuns: isSoak ? 150 : 8 },
        // Of a failure the smallest that is found in this time is told.
        ...{ interruptAfterTimeLimit: isSoak ? 800_000 : 100_000, markInterruptAsFailure: true },
      });
    },
    isSoak ? 900_000 : 120_000,
  );
});
