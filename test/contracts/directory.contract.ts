// What every Directory owes: a name is one live connection's.

import type { ClaimRequest, Directory } from "../../server/engine.js";
import { parsePersonName } from "../../shared/names.js";

export interface OpenDirectory {
  readonly directory: Directory;
  /** Ends the directory and opens it again on what it kept. */
  readonly reopen: () => Promise<Directory>;
}

export function directoryContract(open: () => Promise<OpenDirectory>): void {
  it("refuses a name that another holds, however it is written", async () => {
    const { directory } = await open();
    await directory.claim(as("Alice"));
    await expect(directory.claim(as("ALICE"))).rejects.toMatchObject({ code: "name-taken" });
    await expect(directory.claim(as("Ａlice"))).rejects.toMatchObject({ code: "name-taken" });
  });

  it("gives a name again once it is released, to another sender", async () => {
    const { directory } = await open();
    const first = await directory.claim(as("alice"));
    first.release();
    const second = await directory.claim(as("alice"));
    expect(second.sender).not.toBe(first.sender);
    first.release();
    await expect(directory.claim(as("alice"))).rejects.toMatchObject({ code: "name-taken" });
  });

  it("makes up names for guests, each its own", async () => {
    const { directory } = await open();
    const guests = await Promise.all(Array.from({ length: 50 }, () => directory.claim(as(undefined))));
    const names = new Set(guests.map(({ name }) => name.key));
    expect(names.size).toBe(50);
    for (const name of names) expect(name).toMatch(/^guest-[0-9a-f]+$/);
  });

  it("gives a session anew, which stands for the same sender, also when it is opened again", async () => {
    const { directory, reopen } = await open();
    const first = await directory.claim(as("alice"));
    const session = first.renewed();
    const back = await (await reopen()).claim({ ...as("alice"), session });
    expect(back).toMatchObject({ resumed: true, sender: first.sender });
  });

  it("knows a session again, and lets it take its name over", async () => {
    const { directory } = await open();
    let takeovers = 0;
    const older = await directory.claim({ ...as("alice"), onTakeover: () => takeovers++ });
    const newer = await directory.claim({ ...as("alice"), session: older.session });
    expect(newer).toMatchObject({ sender: older.sender, resumed: true });
    expect(takeovers).toBe(1);
    older.release();
    await expect(directory.claim(as("alice"))).rejects.toMatchObject({ code: "name-taken" });
  });

  it("knows a session after a restart, when all names are free", async () => {
    const { directory, reopen } = await open();
    const { session, sender } = await directory.claim(as("alice"));
    const again = await reopen();
    const stranger = await again.claim(as("alice"));
    stranger.release();
    expect(await again.claim({ ...as("alice"), session })).toMatchObject({ sender, resumed: true });
  });

  it("ignores a session of another name, a forged one, and anything else", async () => {
    const { directory } = await open();
    const { session, sender } = await directory.claim(as("alice"));
    const forged = `${session.slice(0, -2)}${session.endsWith("AA") ? "BB" : "AA"}`;
    for (const [index, text] of [session, forged, "", "1.2.3.4", "\u0000", "x".repeat(10_000)].entries()) {
      const claim = await directory.claim({ ...as(`bob-${index}`), session: text });
      expect(claim.resumed).toBe(false);
      expect(claim.sender).not.toBe(sender);
    }
    await expect(directory.claim({ ...as("alice"), session: forged })).rejects.toMatchObject({
      code: "name-taken",
    });
  });
}

function as(name: string | undefined): ClaimRequest {
  return {
    name: name === undefined ? undefined : parsePersonName(name),
    session: undefined,
    token: undefined,
    onTakeover: () => undefined,
  };
}
