// How a page of files is read: along an index, no row more than it has, however many versions and rooms there are.

import { join } from "node:path";
import { openForReading, type Database } from "../../../server/engines/embedded/database.js";
import { Listing } from "../../../server/engines/embedded/listing.js";
import { parseFileName, parseRoomName } from "../../../shared/names.js";
import { lab, share } from "../../contracts/drafts.js";
import { openTestEngine, temporaryFolder } from "../../support/server.js";

/** The statements that a listing prepares. */
function statementsOf(database: Database): string[] {
  const statements: string[] = [];
  const prepare = (text: string) => {
    statements.push(text);
    return database.prepare(text);
  };
  new Listing(new Proxy(database, { get: () => prepare }));
  return statements;
}

describe("A page of files", () => {
  it.each([
    ["of a room", (text: string) => text.includes("f.seq <") && !text.includes("f.key ="), "PRIMARY KEY"],
    ["of one name", (text: string) => text.includes("f.seq <") && text.includes("f.key ="), "files_by_name"],
  ])("%s is a walk along one index, and sorts nothing", async (_what, isMeant, index) => {
    const folder = await temporaryFolder();
    const engine = await openTestEngine(folder);
    for (const room of [lab, parseRoomName("other")])
      await engine.log.append(
        room,
        Array.from({ length: 300 }, (_nothing, n) => share(`${n % 3}.txt`)),
      );
    const database = openForReading(join(folder, "roomline.db"));
    const [statement, ...others] = statementsOf(database).filter(isMeant);
    expect(others).toEqual([]);
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${statement ?? ""}`)
      .all()
      .map(({ detail }) => String(detail));
    database.close();
    expect(plan).toHaveLength(1);
    expect(plan[0]).toMatch(/^SEARCH f USING .*\(room=\? AND (key=\? AND )?seq<\?\)$/);
    expect(plan[0]).toContain(index);
    const name = parseFileName("1.txt");
    expect(await engine.catalog.files(lab, { name, after: 200, limit: 3 })).toMatchObject([
      { seq: 197, version: 66 },
      { seq: 194, version: 65 },
      { seq: 191, version: 64 },
    ]);
  });
});
