// Interoperability: `node client` and a client in another language, written from docs/protocol.md alone
// (client.py), send real files to each other. Every byte must be the same at the other end.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { joinRoom } from "../support/peer.js";
import { startPerson } from "../support/person.js";
import { python } from "../support/python.js";
import { pdf, photo } from "../support/real-files.js";
import { startServer, temporaryFolder } from "../support/server.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const files: { what: string; name: string; bytes: Buffer; mime: string }[] = [
  { what: "a PNG", name: "red.png", bytes: photo(), mime: "image/png" },
  { what: "a PDF", name: "paper.pdf", bytes: pdf(), mime: "application/pdf" },
  { what: "a file of zero bytes", name: "empty", bytes: Buffer.alloc(0), mime: "application/octet-stream" },
  {
    what: "a file with a Unicode name and spaces",
    name: "Протокол für 東京 🧪 – v2.txt",
    bytes: Buffer.from("späte Grüße\n"),
    mime: "text/plain",
  },
  {
    what: "5 MB of random bytes",
    name: "noise.bin",
    bytes: randomBytes(5_000_001),
    mime: "application/octet-stream",
  },
];

/** `node client` in a folder of its own: types one line, and its input ends. */
async function personTypes(port: number, cwd: string, line: string): Promise<void> {
  await mkdir(cwd, { recursive: true });
  const person = startPerson({ cwd, flags: ["--port", String(port), "--name", "", "--room", "lab"] });
  person.type(line).hangUp();
  expect({ code: await person.leaves(), screen: person.screen }).toMatchObject({ code: 0 });
}

describe("node client and a client in Python", () => {
  it.each(files)("send each other $what, whole", async ({ name, bytes, mime }) => {
    const { port } = await startServer();
    const folder = await temporaryFolder();
    const watcher = await joinRoom(port, "watcher");
    await writeFile(join(folder, name), bytes);
    const facts = { name, size: bytes.length, sha256: sha256(bytes) };

    await personTypes(port, folder, `upload: ${name}`);
    expect(await watcher.next("file")).toMatchObject({ ...facts, version: 1, mime, room: "lab" });
    await personTypes(port, join(folder, "other"), `download: ${name}`);
    const got = await python("download", { port, path: join(folder, "in Python"), name });
    expect(got).toEqual({ ...facts, version: 1 });

    const sent = await python("upload", { port, path: join(folder, name) });
    expect(sent).toEqual({ ...facts, version: 2 });
    await personTypes(port, join(folder, "third"), `download: ${name}`);

    for (const copy of [`other/downloads/${name}`, "in Python", `third/downloads/${name}`]) {
      expect(sha256(await readFile(join(folder, copy)))).toBe(facts.sha256);
    }
  });
});

describe("a client in Python", () => {
  it("sends a file whose size it does not know, as a version of its own", async () => {
    const { port } = await startServer();
    const path = join(await temporaryFolder(), "pipe");
    const bytes = randomBytes(2_000_000);
    await writeFile(path, bytes);
    await python("upload", { port, path, name: "log.txt" });

    const sent = await python("upload", { port, path, name: "LOG.txt", isUnsized: true });

    expect(sent).toEqual({ name: "LOG.txt", size: bytes.length, sha256: sha256(bytes), version: 2 });
  });

  it("is told when there is no such file, and ends with a sentence", async () => {
    const { port } = await startServer();
    const path = join(await temporaryFolder(), "copy");

    await expect(python("download", { port, path, name: "nothing" })).rejects.toThrow(
      "client.py: file-not-found: The room has no such file.",
    );
  });
});
