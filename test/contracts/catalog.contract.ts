// What every Catalog owes: it lists what the log holds.

import { randomUUID } from "node:crypto";
import type { Catalog, Draft, RoomLog } from "../../server/engine.js";
import { bodyOf } from "../../shared/entry.js";
import { parseFileName, parseRoomName } from "../../shared/names.js";
import { say } from "./room-log.contract.js";

export interface OpenCatalog {
  readonly log: RoomLog;
  readonly catalog: Catalog;
}

const lab = parseRoomName("lab");
const sha256 = "0".repeat(64);

export function catalogContract(open: () => Promise<OpenCatalog>): void {
  it("lists the rooms that have entries, by key, a page at a time", async () => {
    const { log, catalog } = await open();
    for (const name of ["zoo", "Bar", "apple", "été"]) await log.append(parseRoomName(name), [say("hi")]);
    await log.subscribe(parseRoomName("silent"), () => undefined);
    const page = await catalog.rooms({ after: undefined, limit: 2 });
    expect(page.map(({ shown }) => shown)).toEqual(["apple", "Bar"]);
    const rest = await catalog.rooms({ after: page[1], limit: 10 });
    expect(rest.map(({ shown }) => shown)).toEqual(["zoo", "été"]);
  });

  it("gives files of one name versions, each room its own", async () => {
    const { log, catalog } = await open();
    const other = parseRoomName("other");
    await log.append(lab, [share("a.txt"), share("b.txt"), share("A.TXT")]);
    await log.append(other, [share("a.txt")]);
    const versions = (await catalog.files(lab, { after: undefined, limit: 10 })).map(
      ({ name, version, seq }) => ({ name, version, seq }),
    );
    expect(versions).toEqual([
      { name: "A.TXT", version: 2, seq: 3 },
      { name: "b.txt", version: 1, seq: 2 },
      { name: "a.txt", version: 1, seq: 1 },
    ]);
    expect(await catalog.files(other, { after: undefined, limit: 10 })).toMatchObject([
      { version: 1, seq: 1 },
    ]);
  });

  it("writes the version into the entry, live and read", async () => {
    const { log } = await open();
    const live: string[] = [];
    await log.subscribe(lab, ({ bytes }) => live.push(Buffer.from(bytes).toString()));
    await log.append(lab, [share("a.txt"), share("a.txt")]);
    const read = Buffer.from((await log.read(lab, { after: 0, limit: 10 })).bytes).toString();
    expect(live.join("")).toBe(read);
    const versions = read
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { version: number }).version);
    expect(versions).toEqual([1, 2]);
  });

  it("lists files newest first, below a number", async () => {
    const { log, catalog } = await open();
    await log.append(
      lab,
      Array.from({ length: 5 }, (_, index) => share(`${index}.txt`)),
    );
    const page = await catalog.files(lab, { after: 4, limit: 2 });
    expect(page.map(({ seq }) => seq)).toEqual([3, 2]);
  });

  it("finds a file by name, by name and version, and by id, in its own room only", async () => {
    const { log, catalog } = await open();
    const [first, second] = [share("a.txt"), share("a.txt")];
    await log.append(lab, [first, second]);
    const name = parseFileName("a.TXT");
    expect(await catalog.findFile(lab, { name, version: undefined })).toMatchObject({
      file: second.file?.file,
      version: 2,
    });
    expect(await catalog.findFile(lab, { name, version: 1 })).toMatchObject({
      file: first.file?.file,
      from: "alice",
    });
    expect(await catalog.findFile(lab, { file: first.file?.file ?? "" })).toMatchObject({
      version: 1,
      seq: 1,
    });
    expect(await catalog.findFile(lab, { name, version: 3 })).toBeUndefined();
    expect(await catalog.findFile(parseRoomName("other"), { file: first.file?.file ?? "" })).toBeUndefined();
    expect(await catalog.findFile(parseRoomName("other"), { name, version: undefined })).toBeUndefined();
  });
}

function share(text: string): Draft {
  const name = parseFileName(text);
  const file = { file: randomUUID(), name, author: "alice", size: 0, mime: "text/plain", sha256 };
  const body = bodyOf({ from: "alice", file: file.file, name: text, size: 0, mime: "text/plain", sha256 });
  return { type: "file", sender: "sender", id: undefined, body, file };
}
