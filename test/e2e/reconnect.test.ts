// A server that is killed under people who talk, and comes back: programs, a pseudo-terminal and a pipe.

import { join } from "node:path";
import { startPerson } from "../support/person.js";
import { startProgram } from "../support/program.js";
import { joinRoom } from "../support/peer.js";
import { temporaryFolder } from "../support/server.js";

describe("A server that is killed and started again", () => {
  it("is waited for at a terminal and in a pipe; what was typed meanwhile is said once", async () => {
    const folder = await temporaryFolder();
    const data = join(folder, "data");
    const first = await startProgram(data);
    const flags = (name: string) => ["--port", String(first.port), "--name", name, "--room", "lab"];
    const alice = startPerson({ cwd: folder, flags: flags("alice"), atTerminal: true });
    await alice.sees("lab>");
    const ci = startPerson({ cwd: folder, flags: flags("ci") });
    await alice.sees("* ci joined");
    ci.type("before");
    await alice.sees("ci: before");

    await first.kill();
    await alice.sees("* the connection is lost; trying again…");
    await ci.sees("* the connection is lost; trying again…");
    alice.type("typed meanwhile");
    await alice.sees("… typed meanwhile\n○ lab · no connection, trying again");
    ci.type("piped meanwhile");
    ci.hangUp();

    const second = await startProgram(data, { port: first.port });
    await alice.sees("* back again");
    await alice.sees("alice: typed meanwhile");
    expect(await ci.leaves()).toBe(0);
    alice.type("/quit");
    expect(await alice.leaves()).toBe(0);
    expect(alice.screen.match(/the connection is lost/g)).toHaveLength(1);

    const judge = await joinRoom(second.port, "judge");
    judge.send({ type: "history", id: "h" });
    await judge.next("history");
    const texts = [await judge.next("message"), await judge.next("message"), await judge.next("message")];
    expect(texts.map(({ text }) => text).sort()).toEqual(["before", "piped meanwhile", "typed meanwhile"]);
    expect(texts.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await second.stop();
  }, 60_000);
});
