// Durable before delivered, as the system sees it. `kill -9` leaves the page cache alone, so that the crash
// harness cannot tell a write from a synced one; a trace of the system calls can.

import { join } from "node:path";
import { sha256Of } from "../support/blobs.js";
import { buildMutant, type Mutation } from "../support/mutant.js";
import { joinRoom, type Peer } from "../support/peer.js";
import { startProgram } from "../support/program.js";
import { temporaryFolder } from "../support/server.js";
import { canTrace, parseTrace, readTrace, straceInto, type SystemCall } from "../support/strace.js";
import { faultOfEntry, faultOfFile, type TracedFile } from "../support/sync-order.js";
import { uploadFile } from "../server/handlers/transfers.js";

const numbered = (what: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${what}-${String(n).padStart(3, "0")}-mark`);

const single = numbered("single", 50);
const burst = numbered("burst", 50);
const files: TracedFile[] = numbered("file", 8).map((marker) => {
  const content = `content of ${marker}`;
  return { marker, content, sha256: sha256Of(content) };
});

/** All calls of a server that was sent messages and files, one after the other and all at once. */
async function trace(folder?: string): Promise<SystemCall[]> {
  const path = join(await temporaryFolder(), "trace");
  const program = await startProgram(await temporaryFolder(), {
    folder,
    wrapper: straceInto(path),
    env: { UV_USE_IO_URING: "0" },
  });
  const reader = await joinRoom(program.port, "reader");
  const writer = await joinRoom(program.port, "writer");
  for (const text of single) {
    writer.send({ type: "message", text });
    await writer.next("message");
  }
  writer.send(burst.map((text) => `{"type":"message","text":"${text}"}\n`).join(""));
  await shown(reader, burst.at(-1));
  for (const [at, { marker, content }] of files.entries()) {
    const bytes = Buffer.from(content);
    if (at % 2 === 0) await uploadFile(writer, marker, bytes);
    else writer.send({ type: "upload", name: marker, data: bytes.toString("base64") });
  }
  await shown(reader, files.at(-1)?.marker);
  expect(await program.stop()).toBe(0);
  return readTrace(path, program);
}

function shown(reader: Peer, marker: unknown) {
  return reader.next(({ text, name }) => text === marker || name === marker);
}

function faultsIn(calls: readonly SystemCall[]): string[] {
  const faults = [...single, ...burst].map((marker) => faultOfEntry(calls, marker));
  return [...faults, ...files.map((file) => faultOfFile(calls, file))].filter((fault) => fault !== undefined);
}

describe("A server that is traced", () => {
  it("syncs each entry, and each file with its name, before it shows it to anybody", async () => {
    if (!(await canTrace())) return;
    const calls = await trace();
    const faults = faultsIn(calls);
    const checked = single.length + burst.length + files.length;
    console.log(`sync trace: ${checked} entries in ${calls.length} calls, ${faults.length} out of order`);
    expect(faults).toEqual([]);
  }, 60_000);

  const mutations: [string, ...Mutation[]][] = [
    [
      "commits were not synced",
      { file: "server/engines/embedded/database.js", replace: [["synchronous = FULL", "synchronous = OFF"]] },
    ],
    [
      "the bytes of a file were not synced",
      { file: "server/engines/embedded/folder-upload.js", replace: [["await this.#handle.sync();", ""]] },
      { file: "server/engines/embedded/files.js", replace: [["await file.sync();", ""]] },
    ],
    [
      "the name of a file was not synced",
      {
        file: "server/engines/embedded/blobs.js",
        replace: [["await syncFolder(dirname(blob));\n    }", "}"]],
      },
    ],
  ];

  it.each(mutations)(
    "would be found out if %s",
    async (what, ...mutation) => {
      if (!(await canTrace())) return;
      const folder = await temporaryFolder();
      await buildMutant(folder, ...mutation);
      const faults = faultsIn(await trace(folder));
      console.log(`sync trace: if ${what}, ${faults.length} out of order, as ${faults[0] ?? "none"}`);
      expect(faults.length).toBeGreaterThanOrEqual(files.length);
    },
    60_000,
  );
});

describe("A trace", () => {
  it("is read with calls that other threads' events come into", () => {
    const calls = parseTrace(
      [
        '7 pwrite64(4</d/a>, "x) = 1, y", 9, 0) = 9',
        "7 fsync(4</d/a> <unfinished ...>",
        '8 write(5<socket:[1]>, "x", 1 <unfinished ...>',
        "7 <... fsync resumed>)              = 0",
        "8 <... write resumed>)              = -1 EPIPE (Broken pipe)",
        "8 +++ exited with 0 +++",
      ].join("\n"),
    );
    expect(calls).toMatchObject([
      { name: "pwrite64", file: "/d/a", result: 9, began: 0, returned: 0 },
      { name: "fsync", file: "/d/a", result: 0, began: 1, returned: 3 },
      { name: "write", file: "socket:[1]", result: -1, began: 2, returned: 4 },
    ]);
  });
});
