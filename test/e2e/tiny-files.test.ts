// Very many tiny files in one room (HOSTILE F3): counted, in order, and nothing left of them when they are deleted.
// How fast it is, and how long the server is held up by it, bench/tiny-files.js shows with 100 000.

import { join } from "node:path";
import { allFiles } from "../support/folders.js";
import { startLoad } from "../support/load.js";
import { expectNothingUnfinished } from "../support/orphans.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";

const count = 2000;
const pageLimit = 100;

describe(`${count} tiny files in one room`, () => {
  it("are all shared, listed newest first page by page, and leave nothing on disk when they are deleted", async () => {
    const folder = await temporaryFolder();
    const program = await startProgram(folder);
    const load = startLoad(program.port);
    await load.tell("files join", { room: "attic", connections: 8, inFlight: 16 });
    expect(await load.tell("files share", { count })).toMatchObject({ shared: count });
    await expectNothingUnfinished(folder);
    expect(await allFiles(join(folder, "blobs"))).toHaveLength(count);

    expect(await load.tell("files list", { limit: pageLimit })).toMatchObject({
      listed: count,
      pages: Math.ceil(count / pageLimit),
      isInOrder: true,
    });
    expect(await load.tell("files delete")).toMatchObject({ deleted: count });
    expect(await load.tell("files list", { limit: pageLimit })).toMatchObject({ listed: 0, pages: 1 });
    await expectNothingUnfinished(folder);
    expect(await allFiles(join(folder, "blobs"))).toEqual([]);
    expect(await program.stop()).toBe(0);
  }, 60_000);
});
