// The build whose processes end at a point of a transfer that a test names, between two effects that are on disk or on
// the wire. The points that only the wire shows are in transfer-cases.ts. It also syncs often, so that a file of a few
// MB is acknowledged many times.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildMutant, type Mutation } from "./mutant.js";
import { projectFolder } from "./program.js";

export interface KillBuild {
  /** Of the build. */
  readonly folder: string;
  /** For the processes that run it. */
  readonly env: Readonly<Record<string, string>>;
  /** Whoever passes this point for the n-th time from now on is killed; nobody without one. */
  aim(point?: string, nth?: number): Promise<void>;
}

/** Makes it in a folder, with further faults if a test wants some. */
export async function buildKillable(folder: string, ...faults: readonly Mutation[]): Promise<KillBuild> {
  await buildMutant(folder, ...faults, ...mutations);
  const aimFile = join(folder, "aim");
  const preload = pathToFileURL(join(projectFolder, "test/support/kill-point.js"));
  let aims = 0;
  // Never the same text twice: what was counted for an earlier aim is over.
  const aim = (point = "", nth = 1) => writeFile(aimFile, `${point}\n${nth}\n${++aims}`);
  await aim();
  return { folder, env: { NODE_OPTIONS: `--import=${preload.href}`, ROOMLINE_TEST_KILL: aimFile }, aim };
}

const kill = (point: string) => `killPoint("${point}");`;
const before = (point: string, code: string) => [code, `${kill(point)} ${code}`] as const;
const after = (point: string, code: string) => [code, `${code} ${kill(point)}`] as const;

const ownWrite = "await this.#write(record, bytes);";
const ownRename = "await rename(path, blob);";
const commit = "const commit = inTransaction(this.#database, () => this.#recordAll(drafts, timeMs));";
const ofFile = (point: string) => `if (drafts.some(({ file }) => file !== undefined)) ${kill(point)}`;
const mutations: readonly Mutation[] = [
  {
    file: "server/engines/embedded/files.js",
    replace: [
      ["options.syncEveryBytes ?? 8 * 1024 * 1024", "256 * 1024"],
      ["options.syncEveryMs ?? 1000", "20"],
      before("before its record", "const found = await this.#records.begin(call);"),
      before("after its record", "const id = newId();"),
      before("whole, before its record", "this.#whole.add(record);"),
      [ownWrite, `${kill("whole, after its record")} ${ownWrite} ${kill("whole, on disk")}`],
    ],
  },
  {
    file: "server/engines/embedded/blobs.js",
    replace: [
      [ownRename, `${kill("before the rename")} ${ownRename} ${kill("after the rename")}`],
      after("after the rename's sync", "await syncFolder(dirname(blob));"),
    ],
  },
  {
    file: "server/engines/embedded/folder-upload.js",
    replace: [
      after("after a sync, before its record", "await this.#handle.datasync();"),
      before("after the record of a sync", "this.#durableBytes = syncedBytes;"),
      after("after the last sync, before its record", "await this.#handle.sync();"),
      before("after the record that it is complete", "await this.#home.publish(this.record, digest);"),
    ],
  },
  {
    file: "server/engines/embedded/recorder.js",
    replace: [
      [commit, `${ofFile("before the commit")} ${commit} ${ofFile("after the commit")}`],
      after("inside the commit", "this.#deleteUpload.run(upload);"),
    ],
  },
  {
    file: "server/incoming.js",
    replace: [before("at a chunk", "const written = upload.write(")],
  },
  {
    file: "server/downloads.js",
    replace: [
      before("before downloading", 'this.#connection.answer(undefined, { type: "downloading"'),
      before("at a piece", "const bytes = await blob.read(buffer, offset);"),
    ],
  },
  {
    file: "client/transfer/given-name.js",
    replace: [
      [
        "await link(part, path);",
        `${kill("before the link")} await link(part, path); ${kill("after the link")}`,
      ],
      after("after the part's unlink", "await unlink(part);"),
      after("after the download's folder sync", "await syncFolder(folder);"),
    ],
  },
  {
    file: "client/transfer/target.js",
    replace: [after("after the part's sync", "await part.handle.sync();")],
  },
];
