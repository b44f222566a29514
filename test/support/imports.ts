// The import law of DESIGN section 3 as a function of the sources, so that it can be shown to fail.
// test/architecture.test.ts holds the tree to it.

import { factsOf, type Import, type SourceFacts, type Target } from "./source-facts.js";

/** Everything in the files that breaks the law, a sentence each. Paths are relative to the repository. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, source]) => {
    const facts = factsOf(path, source);
    return [
      ...facts.imports.flatMap((found) =>
        importLaws
          .filter((law) => law.isAbout(path) && !law.allows(found, path))
          .map((law) => `${path} imports ${found.text}: ${law.sentence}`),
      ),
      ...nameViolations(path, facts),
      ...shapeViolations(path, source),
    ];
  });
}

interface ImportLaw {
  readonly sentence: string;
  isAbout(path: string): boolean;
  allows(found: Import, path: string): boolean;
}

const doors = ["server/index.js", "client/index.js"];
const mains = ["server/main.ts", "client/main.ts", "client/processes.ts"];
const databaseFile = "server/engines/embedded/database.ts";
const selfName = "roomline";
/** What benchmarks hold us against. */
const peers = ["@tus/server", "@tus/file-store"];
const maxDoorLines = 10;

const socketsAndFiles =
  /^(net|tls|dgram|https?|http2|fs|fs\/promises|sqlite|child_process|cluster|worker_threads)$/;
const sqlite = /sqlite|libsql/;
const foreignGlobals = ["Buffer", "setImmediate", "clearImmediate", "require", "__dirname", "__filename"];
const domGlobals = ["window", "document", "navigator", "localStorage"];

const importLaws: readonly ImportLaw[] = [
  {
    sentence: "shared imports only itself and @sinclair/typebox",
    isAbout: under("shared"),
    allows: ({ target }) =>
      leadsTo(target, ["shared/"]) || (target.kind === "package" && target.name === "@sinclair/typebox"),
  },
  {
    sentence: "client imports itself and shared, never the server",
    isAbout: under("client"),
    allows: ({ target }) => !isOwn(target) || leadsTo(target, ["client/", "shared/", "package.json"]),
  },
  {
    sentence: "server imports itself and shared, never the client",
    isAbout: under("server"),
    allows: ({ target }) => !isOwn(target) || leadsTo(target, ["server/", "shared/", "package.json"]),
  },
  {
    sentence: "bench and examples use the client library and shared, like any outsider",
    isAbout: under("bench", "examples"),
    allows: ({ target }, path) =>
      target.kind === "node" ||
      (target.kind === "package" && target.name === selfName) ||
      (target.kind === "package" && under("bench")(path) && peers.includes(target.name)) ||
      leadsTo(target, [`${folderOf(path, 1)}/`, "client/", "dist/client/", "shared/", "dist/shared/"]),
  },
  {
    sentence: "only server/main.ts names an engine folder",
    isAbout: (path) => under("server")(path) && !under("server/engines")(path) && path !== "server/main.ts",
    allows: ({ target }) => !leadsTo(target, ["server/engines/"]),
  },
  {
    sentence: "handlers and rooms know no sockets, no files, no SQLite, no engine and no wire but its type",
    isAbout: (path) => under("server/handlers")(path) || /^server\/(room|rooms|member)\.ts$/.test(path),
    allows: ({ target, isTypeOnly }) =>
      !(target.kind === "node" && socketsAndFiles.test(target.module)) &&
      !leadsTo(target, ["server/engines/"]) &&
      (!leadsTo(target, ["server/wires/"]) || (isTypeOnly && leadsTo(target, ["server/wires/wire"]))),
  },
  {
    sentence: "wires know only wires and shared: no rooms, no handlers, no engines",
    isAbout: under("server/wires"),
    allows: ({ target }) => !isOwn(target) || leadsTo(target, ["server/wires/", "shared/"]),
  },
  {
    sentence: "engines know only engine.ts, shared and their own folder",
    isAbout: under("server/engines"),
    allows: ({ target }, path) =>
      !isOwn(target) || leadsTo(target, ["server/engine", "shared/", `${folderOf(path, 3)}/`]),
  },
  {
    sentence: `only ${databaseFile} imports SQLite`,
    isAbout: (path) => path !== databaseFile,
    allows: ({ target }) => !isSqlite(target),
  },
  {
    sentence: "only main.ts files, worker threads and client/processes.ts use the process",
    isAbout: (path) => isProgramPart(path) && !mains.includes(path) && !doors.includes(path),
    allows: ({ target }) => target.kind !== "node" || target.module !== "process",
  },
  {
    sentence: "an import says where it leads",
    isAbout: (path) => !doors.includes(path),
    allows: ({ target }) => target.kind !== "unreadable",
  },
];

function nameViolations(path: string, { imports, identifiers }: SourceFacts): string[] {
  const found: string[] = [];
  // A worker thread's file is one that takes its port: it has a process of its own to end.
  const isThread = imports.some(({ names }) => names.includes("parentPort"));
  const mayUseProcess = mains.includes(path) || doors.includes(path) || isThread || !isProgramPart(path);
  if (identifiers.has("process") && !mayUseProcess)
    found.push(`${path} uses process: only main.ts files, worker threads and client/processes.ts do`);
  if (under("shared")(path))
    for (const name of [...foreignGlobals, ...domGlobals])
      if (identifiers.has(name)) found.push(`${path} uses ${name}: shared knows neither Node nor the DOM`);
  return found;
}

function shapeViolations(path: string, source: string): string[] {
  const found: string[] = [];
  const folder = path
    .split("/")
    .slice(0, -1)
    .find((name) => /^(utils?|helpers?|common|types)$/i.test(name));
  if (folder !== undefined)
    found.push(`${path} is in a folder called ${folder}: nobody guesses what is in it`);
  if (doors.includes(path) && source.trimEnd().split("\n").length > maxDoorLines)
    found.push(`${path} has over ${maxDoorLines} lines: a door only finds the compiled program`);
  return found;
}

// Bench and examples are programs of their own, each its own main.
const isProgramPart = under("server", "client", "shared");

function under(...folders: readonly string[]): (path: string) => boolean {
  return (path) => folders.some((folder) => path.startsWith(`${folder}/`));
}

/** Whether a file is meant that is one of these, or in one of these folders where a slash ends the name. */
function leadsTo(target: Target, places: readonly string[]): boolean {
  return (
    target.kind === "file" &&
    places.some((place) =>
      place.endsWith("/")
        ? target.path.startsWith(place) || `${target.path}/` === place
        : target.path === place,
    )
  );
}

/** Whether this project's own code is meant, by path or by its package name. */
function isOwn(target: Target): boolean {
  return target.kind === "file" || (target.kind === "package" && target.name === selfName);
}

function isSqlite(target: Target): boolean {
  return (
    (target.kind === "package" && sqlite.test(target.name)) ||
    (target.kind === "node" && sqlite.test(target.module))
  );
}

function folderOf(path: string, depth: number): string {
  return path.split("/").slice(0, depth).join("/");
}
