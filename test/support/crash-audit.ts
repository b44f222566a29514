// The last word on a crash run: the whole history of every room, by `history` and not by replay, and every file
// with its bytes.

import { hash } from "node:crypto";
import { join } from "node:path";
import { downloadFile } from "../server/handlers/transfers.js";
import type { Ledger } from "./crash-ledger.js";
import { contentOf } from "./crash-tasks.js";
import { orphansIn } from "./files-on-disk.js";
import { allFiles } from "./folders.js";
import { joinRoom, type Answer } from "./peer.js";
import { RawPeer } from "./raw-peer.js";

/** Reads a room's history from 1 to its head. Returns what it has of files. */
export async function auditRoom(port: number, room: string, ledger: Ledger): Promise<Answer[]> {
  const audit = ledger.auditOf(room);
  const files: Answer[] = [];
  await new Promise<void>((resolve) => {
    let last = 0;
    let left = 0;
    let isMore = true;
    const askOn = () => {
      if (isMore) peer.send({ type: "history", room, after: last, limit: 500 });
      else {
        peer.cut();
        resolve();
      }
    };
    const peer = new RawPeer({
      port,
      firstWords: [{ type: "connect", name: "auditor", room }],
      onLine: (answer, raw) => {
        if (answer.type === "joined") askOn();
        if (answer.type === "history") {
          left = Number(answer.count);
          isMore = answer.more === true;
          if (left === 0) askOn();
        } else if (answer.seq !== undefined) {
          audit.entry(answer, raw);
          if (answer.type === "file") files.push(answer);
          last = Number(answer.seq);
          if (--left === 0) askOn();
        }
      },
    });
  });
  audit.end();
  return files;
}

/** Downloads every file of a room and compares it with what its writer made of the entry's id. */
export async function auditFiles(port: number, room: string, audit: Audit): Promise<void> {
  const peer = await joinRoom(port, "reader of files", room);
  for (const { id, file, sha256 } of audit.files) {
    const content = contentOf(String(id));
    if (sha256 !== hash("sha256", content)) audit.ledger.note("others", `${String(id)} has another hash`);
    const { bytes } = await downloadFile(peer, { id: String(id), file });
    if (!bytes.equals(content)) audit.ledger.note("others", `${String(id)} came back otherwise`);
    peer.forget();
  }
  peer.socket.destroy();
}

interface Audit {
  readonly files: readonly Answer[];
  readonly ledger: Ledger;
}

/** Nothing is left of what kills interrupted: a blob for every file and no other, and no upload under way. */
export async function auditFolder(dataFolder: string, { files, ledger }: Audit): Promise<void> {
  const listed = new Set(files.map(({ sha256 }) => String(sha256)));
  const kept = new Set(await blobsIn(dataFolder));
  for (const blob of kept) if (!listed.has(blob)) ledger.note("others", `no file has the blob ${blob}`);
  for (const blob of listed) if (!kept.has(blob)) ledger.note("acknowledgedLost", `no blob ${blob}`);
  for (const orphan of await orphansIn(dataFolder)) ledger.note("others", orphan);
}

/** The hashes of all blobs in a data folder; none in one that is not there yet. */
async function blobsIn(dataFolder: string): Promise<string[]> {
  const files = await allFiles(join(dataFolder, "blobs")).catch(() => []);
  return files.map((path) => path.replace("/", ""));
}
