import type { Engine } from "../../../server/engine.js";
import { catalogContract } from "../../contracts/catalog.contract.js";
import { directoryContract } from "../../contracts/directory.contract.js";
import { roomLogContract } from "../../contracts/room-log.contract.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";

async function open() {
  const folder = await temporaryFolder();
  const engine = await openTestEngine(folder);
  const reopen = async (): Promise<Engine> => {
    await engine.close();
    return openTestEngine(folder);
  };
  return { engine, reopen };
}

describe("EmbeddedLog", () => {
  roomLogContract(async () => {
    const { engine, reopen } = await open();
    return { log: engine.log, reopen: async () => (await reopen()).log };
  });
});

describe("The embedded catalog", () => {
  catalogContract(async () => (await open()).engine);
});

describe("EmbeddedDirectory", () => {
  directoryContract(async () => {
    const { engine, reopen } = await open();
    return { directory: engine.directory, reopen: async () => (await reopen()).directory };
  });
});
