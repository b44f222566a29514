// Who comes back in another process is the same sender; nobody is thrown out, and nothing that is kept can stop a start.

import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSession } from "../../client/session/connect.js";
import { keepSession, takeSession } from "../../client/kept-sessions.js";
import type { Session } from "../../client/session/session.js";
import { cleanUp } from "../support/cleanup.js";
import { startPerson } from "../support/person.js";
import { startServer, temporaryFolder } from "../support/server.js";
import { until } from "../support/until.js";
import { readdirSync } from "node:fs";

const wanted = { host: "127.0.0.1", port: 4040, name: "alice" };

async function openKept(): Promise<{ folder: string; session: Session; path: string }> {
  const { port } = await startServer();
  const folder = join(await temporaryFolder(), "state", "roomline");
  const session = await openSession({ port, name: "alice" });
  cleanUp(() => session.close());
  keepSession(folder, wanted, session);
  const isKept = () => kept(folder).length === 1;
  await until(isKept);
  return { folder, session, path: join(folder, kept(folder)[0] ?? "") };
}

function kept(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

/** As another process would leave it that is gone, or that is there. */
async function heldBy(path: string, facts: object): Promise<void> {
  const held: unknown = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...(held as object), ...facts }));
}

const gone = { pid: 4_999_999 };

describe("A session that is kept", () => {
  it("is its owner's alone, and is taken when its process is gone", async () => {
    const { folder, session, path } = await openKept();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await takeSession(folder, wanted)).toBeUndefined();
    await session.close();
    await heldBy(path, gone);
    expect(await takeSession(folder, wanted)).toMatchObject({ name: "alice", secret: session.secret });
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("is not that of another name or server, nor of somebody who is there", async () => {
    const { folder, session, path } = await openKept();
    await session.close();
    await heldBy(path, gone);
    for (const other of [{ name: "bob" }, { port: 4041 }, { host: "localhost" }])
      expect(await takeSession(folder, { ...wanted, ...other })).toBeUndefined();
    await heldBy(path, { pid: process.ppid });
    expect(await takeSession(folder, wanted)).toBeUndefined();
    await heldBy(path, gone);
    expect(await takeSession(folder, { ...wanted, name: "ALICE" })).toMatchObject({ name: "alice" });
  });

  it("is there until it is held again, however often it is taken", async () => {
    const { folder, session, path } = await openKept();
    await session.close();
    await heldBy(path, gone);
    expect(await takeSession(folder, wanted)).toBeDefined();
    expect(await takeSession(folder, wanted)).toBeDefined();
  });

  it.each([
    ["a day old", JSON.stringify({ name: "a", secret: "s", pid: 1, savedAt: Date.now() - 86_400_000 })],
    ["damaged", '{"name":"alice","secr'],
    ["something else", "[]"],
    ["without its secret", '{"name":"alice","pid":1,"savedAt":1}'],
  ])("is ignored when it is %s", async (_what, text) => {
    const { folder, session, path } = await openKept();
    await session.close();
    await writeFile(path, text.replace('"pid":1', '"pid":4999999'));
    expect(await takeSession(folder, wanted)).toBeUndefined();
  });

  it("stops nobody when it cannot be read or written", async () => {
    const { port } = await startServer();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "plain"), "");
    const session = await openSession({ port, name: "alice" });
    keepSession(join(folder, "plain"), wanted, session);
    expect(await takeSession(join(folder, "plain"), wanted)).toBeUndefined();
    await session.close();
  });

  it("makes two runs of a script the same sender, and not one of two at once", async () => {
    const { port } = await startServer();
    const stateFolder = await temporaryFolder();
    const cwd = await temporaryFolder();
    const flags = ["--port", String(port), "--name", "alice", "--room", "lab"];
    const first = startPerson({ cwd, flags, stateFolder });
    await first.sees("* you are in lab");
    const second = startPerson({ cwd, flags, stateFolder });
    expect(await second.leaves()).toBe(4);
    expect(second.screen).toContain("already");
    first.type("one").hangUp();
    expect(await first.leaves()).toBe(0);
    const third = startPerson({ cwd, flags, stateFolder });
    third.type("/delete 1").hangUp();
    expect(await third.leaves()).toBe(0);
    expect(third.screen).toContain("alice deleted #1");
  });
});
