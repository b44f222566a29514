// Deleted means deleted: by a person, over the wire, in a program that is stopped or killed.

import { setTimeout as sleep } from "node:timers/promises";
import { expectNothingKept } from "../server/handlers/transfers.js";
import { markOf, marksIn } from "../support/marks.js";
import { joinRoom, type Peer } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

/** Those of the marks that are in a file, when none is or a minute is over. */
async function leftIn(folder: string, marks: readonly string[]): Promise<string[]> {
  for (let second = 0; ; second++) {
    const left = await marksIn(folder, marks);
    if (left.length === 0 || second === 60) return left;
    await sleep(1000);
  }
}

const marks = Array.from({ length: 8 }, (_, n) => markOf(n));
const [text = "", edited = "", topic = "", fileName = "", content = "", direct = "", said = "", kept = ""] =
  marks;
const gone = marks.filter((mark) => mark !== kept);

/** Everything that a person may say, each with a mark of its own; all but one is deleted. */
async function sayAndDelete(alice: Peer): Promise<void> {
  const data = Buffer.from(`bytes ${content}`).toString("base64");
  const requests = [
    { type: "message", id: "m1", text: `hello ${text}` },
    { type: "edit", id: "e1", target: 1, text: `hello ${edited}` },
    { type: "topic", id: "t1", text: `about ${topic}` },
    { type: "upload", id: "u1", name: `${fileName}.txt`, data },
    { type: "message", id: "m2", text: `bye ${said}`, replyTo: 1 },
    { type: "message", id: "m3", text: `still here ${kept}` },
    { type: "direct", id: "d1", to: "bob", text: `psst ${direct}` },
    { type: "search", id: "s1", query: kept },
    { type: "delete", id: "x1", target: 1 },
    { type: "delete", id: "x2", target: 3 },
    { type: "delete", id: "x3", target: 4 },
    { type: "delete", id: "x4", target: 5 },
    { type: "delete", id: "x5", with: "bob", target: 1 },
  ];
  const answers = await alice.answersTo(...requests);
  expect(answers.filter((answer) => answer.type === "error")).toEqual([]);
  expect(answers.filter((answer) => answer.type === "delete")).toHaveLength(5);
}

/** What history, a replay and searches say. */
async function everythingReadable(reader: Peer): Promise<string> {
  const answers = await reader.answersTo(
    { type: "history", id: "h1", after: 0, changes: true },
    { type: "join", id: "j1", room: "lab", since: 0 },
    { type: "files", id: "f1" },
    ...marks.map((mark, n) => ({ type: "search", id: `s${n}`, query: mark })),
  );
  return JSON.stringify(answers);
}

describe("What was deleted", () => {
  it("is in no file of the data folder within a minute, nor after a stop, nor in anything that is read", async () => {
    const folder = await temporaryFolder();
    const program = await startProgram(folder);
    const alice = await joinRoom(program.port, "alice");
    const bob = await joinRoom(program.port, "bob");
    await sayAndDelete(alice);
    await bob.next(({ type, target }) => type === "delete" && target === 5);

    const readable = await everythingReadable(bob);
    expect(gone.filter((mark) => readable.includes(mark))).toEqual([]);
    expect(readable).toContain(kept);
    expect(bob.received.filter(({ type }) => type === "joined").at(-1)?.topic).toBe("");
    await expectNothingKept(folder);

    expect(await leftIn(folder, gone)).toEqual([]);
    expect(await program.stop()).toBe(0);
    expect(await marksIn(folder, marks)).toEqual([kept]);
  }, 90_000);

  it("is gone after a kill that comes right behind the delete, and a start", async () => {
    const folder = await temporaryFolder();
    const program = await startProgram(folder);
    const alice = await joinRoom(program.port, "alice");
    await joinRoom(program.port, "bob");
    await sayAndDelete(alice);
    await program.kill();

    const again = await startProgram(folder);
    const readable = await everythingReadable(await joinRoom(again.port, "carol"));
    expect(gone.filter((mark) => readable.includes(mark))).toEqual([]);
    expect(readable).toContain(kept);
    expect(await leftIn(folder, gone)).toEqual([]);
  }, 90_000);
});
