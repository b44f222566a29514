import type { Engine } from "../../../server/engine.js";
import { catalogContract } from "../../contracts/catalog.contract.js";
import { conversationsContract } from "../../contracts/conversations.contract.js";
import { correctionsContract } from "../../contracts/corrections.contract.js";
import { directoryContract } from "../../contracts/directory.contract.js";
import { readMarksContract } from "../../contracts/read-marks.contract.js";
import { repeatsContract } from "../../contracts/repeats.contract.js";
import { roomLogContract, type OpenLog } from "../../contracts/room-log.contract.js";
import { searchContract } from "../../contracts/search.contract.js";
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
