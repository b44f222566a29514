// Holds the house to its plan: who may import whom (DESIGN section 3). The law itself is in support/imports.ts;
// the made-up sources below show that each part of it can be broken.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { violations } from "./support/imports.js";

const root = join(__dirname, "..");
const folders = ["server", "client", "shared", "bench", "examples"];

describe("the import law", () => {
  it("holds for every file", () => {
    const files = sources();

    expect([...files.keys()]).toEqual(
      expect.arrayContaining(["shared/protocol.ts", "server/engine.ts", "server/engines/embedded/files.ts"]),
    );
    expect(violations(files)).toEqual([]);
  });

  it.each([
    ["shared/a.ts", 'import { readFile } from "node:fs/promises";'],
    ["shared/a.ts", 'import fs from "fs";'],
    ["shared/a.ts", 'import type { Socket } from "node:net";'],
    ["shared/a.ts", 'export * from "../server/engine.js";'],
    ["shared/a.ts", 'import yargs from "yargs";'],
    ["shared/a.ts", "export const bytes = Buffer.alloc(1);"],
    ["shared/a.ts", "document.title = 'x';"],
    ["client/a.ts", 'import { Room } from "../server/room.js";'],
    ["client/a.ts", 'import type { Room } from "../server/room.js";'],
    ["client/a.ts", 'const room: import("../server/room.js").Room = 1;'],
    ["client/a.ts", 'await import("../server/room.js");'],
    ["client/a.ts", 'const room = require("../server/room.js");'],
    ["client/a.ts", 'import room = require("../server/room.js");'],
    ["client/web/a.ts", 'import "../../server/room.js";'],
    ["client/a.ts", 'import "../dist/server/room.js";'],
    ["client/a.ts", 'import "../test/support/peer.js";'],
    ["server/a.ts", 'export { Session } from "../client/session.js";'],
    ["server/a.ts", 'import { Session } from "roomline";'],
    ["bench/a.ts", 'import { openRoom } from "../server/room.js";'],
    ["bench/a.ts", 'import { peer } from "../test/support/peer.js";'],
    ["bench/a.ts", 'import ws from "ws";'],
    ["examples/a.js", 'import "../dist/server/room.js";'],
    ["examples/a.js", 'import "../bench/a.js";'],
    ["server/a.ts", 'import { openEngine } from "./engines/embedded/index.js";'],
    ["server/a.ts", 'import type { Log } from "./engines/embedded/log.js";'],
    ["server/handlers/a.ts", 'import { openEngine } from "../engines/embedded/index.js";'],
    ["server/handlers/a.ts", 'import { connect } from "node:net";'],
    ["server/handlers/a.ts", 'import { readFile } from "fs/promises";'],
    ["server/room.ts", 'import { DatabaseSync } from "@photostructure/sqlite";'],
    ["server/rooms.ts", 'import { TcpWire } from "./wires/tcp.js";'],
    ["server/member.ts", 'import { Wire } from "./wires/wire.js";'],
    ["server/member.ts", 'import type { TcpWire } from "./wires/tcp.js";'],
    ["server/wires/a.ts", 'import type { Room } from "../room.js";'],
    ["server/wires/a.ts", 'import { dispatch } from "../handlers/index.js";'],
    ["server/wires/a.ts", 'import type { RoomLog } from "../engine.js";'],
    ["server/wires/a.ts", 'import { openLog } from "../engines/embedded/log.js";'],
    ["server/engines/nats/a.ts", 'import { openLog } from "../embedded/log.js";'],
    ["server/engines/nats/a.ts", 'import type { Room } from "../../room.js";'],
    ["server/engines/nats/a.ts", 'import type { Wire } from "../../wires/wire.js";'],
    ["server/engines/embedded/a.ts", 'import { DatabaseSync } from "@photostructure/sqlite";'],
    ["server/engines/embedded/a.ts", 'import { DatabaseSync } from "node:sqlite";'],
    ["bench/a.ts", 'import { DatabaseSync } from "@photostructure/sqlite";'],
    ["server/a.ts", "process.exit(1);"],
    ["server/a.ts", "const { env } = process;"],
    ["server/a.ts", "globalThis.process.exit(1);"],
    ["server/a.ts", 'globalThis["process"].exit(1);'],
    ["server/a.ts", "start({ process });"],
    ["server/a.ts", 'import { argv } from "node:process";'],
    ["client/web/main.ts", "process.exit(1);"],
    ["server/a.ts", "const name = './engines/nats.js'; await import(name);"],
    ["server/utils/a.ts", ""],
    ["client/web/helpers/a.ts", ""],
    ["shared/types/a.ts", ""],
    ["server/common/a.ts", ""],
    ["server/index.js", "\n".repeat(10) + "start();"],
    ["client/index.js", "\n".repeat(10) + "start();"],
  ])("is broken by %s with %j", (path, source) => {
    expect(violations(new Map([[path, source]]))).not.toEqual([]);
  });

  it.each([
    ["shared/a.ts", 'import { Type } from "@sinclair/typebox/compiler"; import "./b.js";'],
    ["client/a.ts", 'import "../shared/lines.js"; import "./b.js"; import "node:net"; import "ndjson";'],
    ["server/a.ts", 'import "../shared/lines.js"; import "./room.js"; import "node:fs"; import "yargs";'],
    ["bench/a.ts", 'import "roomline"; import "../client/session.js"; import "../shared/lines.js";'],
    ["examples/a.js", 'import "../dist/client/library.js"; import "node:net"; process.exit(1);'],
    ["server/main.ts", 'import "./engines/embedded/index.js"; await import("./engines/nats/index.js");'],
    ["server/main.ts", "process.exit(1);"],
    ["client/main.ts", "process.exit(1);"],
    ["server/index.js", "await import(main.href); process.exitCode = 1;"],
    ["server/handlers/a.ts", 'import type { RoomLog } from "../engine.js"; import "node:crypto";'],
    ["server/room.ts", 'import type { Wire } from "./wires/wire.js";'],
    ["server/room.ts", 'import { type Wire } from "./wires/wire.js";'],
    [
      "server/wires/tcp.ts",
      'import "node:net"; import "../../shared/lines.js"; import "./wire.js"; import "ws";',
    ],
    [
      "server/engines/nats/a.ts",
      'import "../../engine.js"; import "./b.js"; import "node:fs"; import "nats";',
    ],
    ["server/engines/embedded/database.ts", 'import { DatabaseSync } from "@photostructure/sqlite";'],
    ["server/engines/nats/a.ts", 'import { parentPort } from "node:worker_threads"; process.exit(1);'],
    [
      "server/a.ts",
      "// process.exit(1)\n const text = 'process'; `process`; child.process; ({ process: 1 });",
    ],
    ["server/a.ts", "/* import '../client/a.js' */ const text = \"import '../client/a.js'\";"],
    ["server/index.js", "start();\n".repeat(10)],
  ])("is kept by %s with %j", (path, source) => {
    expect(violations(new Map([[path, source]]))).toEqual([]);
  });
});

function sources(): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of folders.map((name) => join(root, name)).filter(existsSync))
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const isSource = entry.isFile() && /\.[cm]?[jt]sx?$/.test(path) && !path.includes("node_modules");
      if (isSource) files.set(relative(root, path).split(sep).join("/"), readFileSync(path, "utf8"));
    }
  return files;
}
