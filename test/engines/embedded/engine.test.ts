import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Draft, Engine } from "../../../server/engine.js";
import { bodyOf } from "../../../shared/entry.js";
import { parseFileName, parseRoomName } from "../../../shared/names.js";
import { catalogContract } from "../../contracts/catalog.contract.js";
import { conversationsContract } from "../../contracts/conversations.contract.js";
import { correctionsContract } from "../../contracts/corrections.contract.js";
import { directoryContract } from "../../contracts/directory.contract.js";
import { readMarksContract } from "../../contracts/read-marks.contract.js";
import { repeatsContract } from "../../contracts/repeats.contract.js";
import { roomLogContract, type OpenLog } from "../../contracts/room-log.contract.js";
import { searchContract } from "../../contracts/search.contract.js";
import { put } from "../../support/blobs.js";
import { keptFiles } from "../../server/handlers/transfers.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";
import { change } from "./raw.js";

async function open() {
  const folder = await temporaryFolder();
  const engine = await openTestEngine(folder);
  const reopen = async (): Promise<Engine> => {
    await engine.close();
    return openTestEngine(folder);
  };
  return { folder, engine, reopen };
}

async function openLog(): Promise<OpenLog> {
  const { folder, engine, reopen } = await open();
  return {
    log: engine.log,
    reopen: async () => (await reopen()).log,
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous, SQLite is not
    forget: async (room, from, to) => {
      change(folder, (database) => {
        database
          .prepare(
            "DELETE FROM entries WHERE room = (SELECT id FROM rooms WHERE key = ?) AND seq BETWEEN ? AND ?",
          )
          .run(room.key, from, to);
      });
    },
  };
}

describe("EmbeddedLog", () => {
  roomLogContract(openLog);
  repeatsContract(openLog);
  correctionsContract(openLog);
});

describe("EmbeddedLog, searched", () => {
  searchContract(openLog);
});

describe("EmbeddedReadMarks", () => {
  readMarksContract(async () => {
    const { engine, reopen } = await open();
    return { ...engine, reopen };
  });
});

describe("The embedded catalog", () => {
  catalogContract(async () => (await open()).engine);
  conversationsContract(async () => {
    const { engine, reopen } = await open();
    return { ...engine, reopen };
  });
});

describe("EmbeddedDirectory", () => {
  directoryContract(async () => {
    const { engine, reopen } = await open();
    return { directory: engine.directory, reopen: async () => (await reopen()).directory };
  });
});

describe("The embedded engine", () => {
  const lab = parseRoomName("lab");
  const isThere = async ({ files }: Engine, sha256: string) => {
    const reader = await files.open(sha256).catch(() => undefined);
    await reader?.close();
    return reader !== undefined;
  };

  it("keeps a blob that an entry refers to, and drops one whose entry was refused", async () => {
    const { folder, engine } = await open();
    const kept = await put(engine.files, Buffer.from("kept"));
    const first = shareBlob(kept.sha256);
    expect(await engine.log.append(lab, [first])).toEqual([{ seq: 1 }]);
    const refused = await put(engine.files, Buffer.from("refused"));

    // The id of a file is one file's: a second entry under it cannot be recorded.
    const again = shareBlob(refused.sha256, first.file.file);
    expect(await engine.log.append(lab, [again])).toMatchObject([{ error: { code: "internal" } }]);

    await engine.close();
    expect(await keptFiles(folder)).toEqual([`blobs/${kept.sha256.slice(0, 2)}/${kept.sha256.slice(2)}`]);
  });

  it("drops the blob of a repeat unless something refers to it", async () => {
    const { engine, reopen } = await open();
    const kept = await put(engine.files, Buffer.from("kept"));
    const draft = { ...shareBlob(kept.sha256), id: "u1" };
    await engine.log.append(lab, [draft]);
    await put(engine.files, Buffer.from("kept"));
    expect(await engine.log.append(lab, [{ ...draft, file: { ...draft.file, file: "other" } }])).toEqual([
      { duplicate: 1 },
    ]);
    const refused = await put(engine.files, Buffer.from("refused"));
    const other = { ...shareBlob(refused.sha256), id: "u1" };
    expect(await engine.log.append(lab, [other])).toMatchObject([{ error: { code: "id-reused" } }]);
    // Not at its next opening already: it drops what nothing refers to anyway.
    while (await isThere(engine, refused.sha256)) await sleep(1);
    expect(await isThere(await reopen(), kept.sha256)).toBe(true);
  });

  it("keeps a blob whose second entry was refused", async () => {
    const { engine } = await open();
    const bytes = Buffer.from("twice");
    const { sha256 } = await put(engine.files, bytes);
    const draft = shareBlob(sha256);
    await engine.log.append(lab, [draft]);
    await put(engine.files, bytes);
    await engine.log.append(lab, [draft]);

    await engine.files.remove(sha256);

    expect(await isThere(engine, sha256)).toBe(true);
  });

  it("drops, when it is opened, a blob whose entry was never recorded", async () => {
    const { engine, reopen } = await open();
    const kept = await put(engine.files, Buffer.from("kept"));
    await engine.log.append(lab, [shareBlob(kept.sha256)]);
    const orphan = await put(engine.files, Buffer.from("finished, and killed before the commit"));

    const again = await reopen();

    expect(await isThere(again, orphan.sha256)).toBe(false);
    expect(await isThere(again, kept.sha256)).toBe(true);
  });
});

function shareBlob(sha256: string, file: string = randomUUID()) {
  const name = parseFileName("a.txt");
  const facts = { file, size: 0, mime: "text/plain", sha256 };
  const body = bodyOf({ from: "alice", name: "a.txt", ...facts });
  return {
    type: "file",
    sender: "sender",
    id: undefined,
    body,
    file: { ...facts, name, author: "alice" },
  } as const satisfies Draft;
}
