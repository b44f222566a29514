// Interoperability: a client in another language, written from docs/protocol.md alone (client.py), sends real
// files and another one gets them. Every byte must be the same at the other end.

import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { joinRoom } from "../support/peer.js";
import { startServer, temporaryFolder } from "../support/server.js";

interface Told {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly version: number;
}

const program = join(__dirname, "client.py");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const files: { what: string; name: string; bytes: Buffer; mime: string }[] = [
  { what: "a PNG", name: "gradient.png", bytes: makePng(320, 200), mime: "image/png" },
  { what: "a PDF", name: "paper.pdf", bytes: makePdf("Hello from Roomline"), mime: "application/pdf" },
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

describe("a client in Python", () => {
  it.each(files)("sends $what, and another gets the same bytes", async ({ name, bytes, mime }) => {
    const { port } = await startServer();
    const folder = await temporaryFolder();
    const watcher = await joinRoom(port, "watcher");
    await writeFile(join(folder, name), bytes);

    const sent = await python("upload", { port, path: join(folder, name) });
    const got = await python("download", { port, path: join(folder, "copy of it"), name });

    const facts = { name, size: bytes.length, sha256: sha256(bytes), version: 1 };
    expect(sent).toEqual(facts);
    expect(got).toEqual(facts);
    expect(sha256(await readFile(join(folder, "copy of it")))).toBe(facts.sha256);
    expect(await watcher.next("file")).toMatchObject({ ...facts, mime, from: "python", room: "lab" });
  });

  it("sends a file whose size it does not know, as a version of its own", async () => {
    const { port } = await startServer();
    const folder = await temporaryFolder();
    const bytes = randomBytes(2_000_000);
    await writeFile(join(folder, "pipe"), bytes);
    await python("upload", { port, path: join(folder, "pipe"), name: "log.txt" });

    const sent = await python("upload", { port, path: join(folder, "pipe"), name: "LOG.txt" }, ["--unsized"]);

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

describe("the files that are sent", () => {
  it("are what they are called", async () => {
    expect(await describeImage(makePng(320, 200))).toEqual({ width: 320, height: 200, rawBytes: 200 * 961 });
    const pdf = makePdf("x").toString("latin1");
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(pdf)?.[1]);
    expect(pdf.slice(start, start + 5)).toBe("xref\n");
    const offsets = Array.from(pdf.matchAll(/^(\d{10}) 00000 n $/gm), ([, offset]) => Number(offset));
    expect(offsets.map((offset) => pdf.slice(offset, offset + 7))).toEqual(
      offsets.map((_offset, place) => `${place + 1} 0 obj`),
    );
  });
});

/** Runs the program in the room "lab" and returns what it printed. @throws Error with what it said instead */
async function python(
  verb: "upload" | "download",
  { port, path, name }: { port: number; path: string; name?: string },
  more: string[] = [],
): Promise<Told> {
  const flags = ["--port", String(port), "--room", "lab", "--path", path, ...(name ? ["--name", name] : [])];
  return JSON.parse(await runPython([program, verb, ...flags, ...more])) as Told;
}

function runPython(args: string[]): Promise<string> {
  // UTF-8 also where the machine's locale is another.
  const env = { ...process.env, PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1" };
  return new Promise((resolve, reject) => {
    execFile("python3", args, { env, timeout: 25_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(new Error(missingPython));
      else reject(new Error(stderr || error.message));
    });
  });
}

const missingPython =
  "This test needs Python 3.8 or newer as `python3`. Install it: on Debian and Ubuntu `apt-get install python3`, " +
  "on macOS `brew install python`.";

/** A true-colour picture (https://www.w3.org/TR/png-3/): signature, IHDR, IDAT, IEND. */
function makePng(width: number, height: number): Buffer {
  const rows = Array.from({ length: height }, (_row, y) => {
    const pixels = Array.from({ length: width }, (_pixel, x) => [x & 255, y & 255, (x * y) & 255]).flat();
    return Buffer.from([0, ...pixels]);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a sample, true colour, no interlace.
  header.set([8, 2, 0, 0, 0], 8);
  const chunks = [
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(Buffer.concat(rows))),
    pngChunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** Reads a picture with Python's own zlib, which checks what the IDAT holds. */
async function describeImage(png: Buffer): Promise<unknown> {
  const path = join(await temporaryFolder(), "picture.png");
  await writeFile(path, png);
  const script = `
import json, struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\\x89PNG\\r\\n\\x1a\\n"
at, idat = 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + size]
    assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0]
    if kind == b"IHDR": width, height = struct.unpack(">II", body[:8])
    if kind == b"IDAT": idat += body
    at += 12 + size
assert kind == b"IEND"
print(json.dumps({"width": width, "height": height, "rawBytes": len(zlib.decompress(idat))}))
`;
  return JSON.parse(await runPython(["-c", script, path]));
}

/** One page with one line of text (ISO 32000-1, section 7.5): objects, cross-reference table, trailer. */
function makePdf(text: string): Buffer {
  const stream = `BT /F1 24 Tf 72 720 Td (${text}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let pdf = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n";
  let table = "0000000000 65535 f \n";
  objects.forEach((object, place) => {
    table += `${String(pdf.length).padStart(10, "0")} 00000 n \n`;
    pdf += `${place + 1} 0 obj\n${object}\nendobj\n`;
  });
  const size = objects.length + 1;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${pdf.length}\n%%EOF\n`;
  return Buffer.from(`${pdf}xref\n0 ${size}\n${table}${trailer}`, "latin1");
}
