// Where a killed transfer takes place: a server that is started again and again on one data folder, a tap before it,
// and what can be seen from outside: the room's files, the disk, the downloads folder.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { downloadFile, sha256 } from "../server/handlers/transfers.js";
import { startErrand, type Errand } from "./errand.js";
import { allFiles } from "./folders.js";
import type { KillBuild } from "./kill-build.js";
import { expectNoOrphans, expectNothingUnfinished } from "./orphans.js";
import { joinRoom, type Answer, type Peer } from "./peer.js";
import { newStateFolder } from "./person.js";
import { startProgram, type Program } from "./program.js";
import { startWireTap, type WireTap } from "./wire-tap.js";

export const room = "lab";

export class Stage {
  readonly build: KillBuild;
  /** Where clients run; their downloads are in a folder of it. */
  readonly folder: string;
  readonly tap: WireTap;
  readonly #dataFolder: string;
  readonly #stateFolder = newStateFolder();
  #server: Program;
  #lookers = 0;

  private constructor(build: KillBuild, facts: { folder: string; tap: WireTap; server: Program }) {
    this.build = build;
    this.folder = facts.folder;
    this.tap = facts.tap;
    this.#server = facts.server;
    this.#dataFolder = dataFolderIn(facts.folder);
  }

  static async open(build: KillBuild, folder: string): Promise<Stage> {
    await mkdir(join(folder, "downloads"));
    const server = await startServer(build, folder);
    const tap = await startWireTap(() => "all");
    tap.serve(server.port);
    return new Stage(build, { folder, tap, server });
  }

  get server(): Program {
    return this.#server;
  }

  /** Starts the server again after its end. Nobody is let in yet. */
  async restart(): Promise<void> {
    this.#server = await startServer(this.build, this.folder);
  }

  /** Runs the real client as the same person each time. */
  startClient(words: readonly string[]): Errand {
    const { folder: cwd, build } = this;
    const { port } = this.tap;
    return startErrand(words, { cwd, port, stateFolder: this.#stateFolder, ...build });
  }

  /** Somebody who comes past the tap. */
  look(): Promise<Peer> {
    return joinRoom(this.#server.port, `looker ${++this.#lookers}`, room);
  }

  /** The versions of a file that the room shows, each of which must be whole. */
  async versionsOf(name: string, content: Buffer): Promise<Answer[]> {
    const peer = await this.look();
    const { files } = await peer.ask({ type: "files", id: "f", name });
    const versions = files as Answer[];
    for (const { file, size, sha256: hash } of versions) {
      const { bytes } = await downloadFile(peer, { id: "d", file });
      expect([size, hash, sha256(bytes)]).toEqual([content.length, sha256(content), sha256(content)]);
      peer.forget();
    }
    peer.socket.destroy();
    return versions;
  }

  async expectNoOrphans(): Promise<void> {
    await expectNoOrphans(this.#dataFolder);
  }

  async expectNothingUnfinished(): Promise<void> {
    await expectNothingUnfinished(this.#dataFolder);
  }

  /** What was saved under a name, which may have got a number; parts do not count. */
  async saved(name: string): Promise<string[]> {
    const stem = name.replace(".bin", "");
    const isIt = (path: string) => path.startsWith(`${stem}.`) || path.startsWith(`${stem} (`);
    const paths = await allFiles(join(this.folder, "downloads"));
    return paths.filter((path) => isIt(path) && path.endsWith(".bin"));
  }
}

function dataFolderIn(folder: string): string {
  return join(folder, "data");
}

function startServer(build: KillBuild, folder: string): Promise<Program> {
  return startProgram(dataFolderIn(folder), { folder: build.folder, env: build.env });
}
