// Judges a trace of system calls: was everything that somebody was shown on the disk before, as far as the
// system was asked for it? Law 1 for entries, law 4 for files. Reads traces of strace.ts.

import type { SystemCall } from "./strace.js";

/** What is wrong with one entry; undefined when it was synced before anybody was shown it. */
export function faultOfEntry(
  calls: readonly SystemCall[],
  marker: string,
  told = marker,
): string | undefined {
  const shown = calls.find((call) => isShowing(call, marker));
  if (shown === undefined) return `${marker} was never shown`;
  const recorded = calls.find((call) => isWriting(call, told) && call.file?.endsWith("roomline.db-wal"));
  if (recorded === undefined) return `${marker} was never written`;
  return faultOfOrder(marker, [recorded, syncAfter(calls, recorded, recorded.file), shown]);
}

export interface TracedFile {
  /** In the name of the file, and so in its entry. */
  readonly marker: string;
  /** The first bytes of the content. */
  readonly content: string;
  readonly sha256: string;
}

/** What is wrong with one file: bytes, name and folder must be synced, then the entry, and only then shown. */
export function faultOfFile(calls: readonly SystemCall[], { marker, content, sha256 }: TracedFile) {
  const written = calls.find((call) => isWriting(call, content) && call.file?.includes("/unfinished/"));
  if (written?.file === undefined) return `the bytes of ${marker} were never written`;
  const unfinished = written.file;
  const shard = `${unfinished.slice(0, unfinished.lastIndexOf("/unfinished/"))}/blobs/${sha256.slice(0, 2)}`;
  const target = `"${shard}/${sha256.slice(2)}"`;
  const renamed = calls.find(({ name, args }) => name.startsWith("rename") && args.includes(target));
  // Not the record of the upload, which has the name too.
  const told = `\\"name\\":\\"${marker}`;
  const recorded = calls.find((call) => isWriting(call, told) && call.file?.endsWith("roomline.db-wal"));
  const made = calls.find(({ name, args }) => name === "mkdir" && args.startsWith(`"${shard}"`));
  const madeDurable = made && faultOfOrder(shard, [made, syncAfter(calls, made, `${shard}/..`), recorded]);
  return (
    madeDurable ??
    faultOfOrder(marker, [
      written,
      syncAfter(calls, written, unfinished),
      renamed,
      syncAfter(calls, renamed, shard),
      recorded,
    ]) ??
    faultOfEntry(calls, marker, told)
  );
}

const isSync = ({ name, result }: SystemCall) => /^f(data)?sync$/.test(name) && result === 0;

function isWriting({ name, args }: SystemCall, text: string): boolean {
  return /^p?write/.test(name) && args.includes(text);
}

// Of an entry, not of a request or a name in some other line: the number comes before the text in its line.
function isShowing({ args, file }: SystemCall, marker: string): boolean {
  if (file?.startsWith("socket:") !== true) return false;
  const upTo = args.slice(0, Math.max(0, args.indexOf(marker)));
  return upTo.slice(upTo.lastIndexOf("\\n") + 1).includes('\\"seq\\":');
}

/** The first sync of a file, or of the folder above with `/..`, that began after a call had returned. */
function syncAfter(calls: readonly SystemCall[], earlier: SystemCall | undefined, path: string | undefined) {
  if (earlier === undefined || path === undefined) return undefined;
  const file = path.endsWith("/..") ? path.split("/").slice(0, -2).join("/") : path;
  return calls.find((call) => isSync(call) && call.file === file && call.began > earlier.returned);
}

function faultOfOrder(what: string, steps: readonly (SystemCall | undefined)[]): string | undefined {
  for (const [at, step] of steps.entries()) {
    if (step === undefined) return `${what}: step ${at + 1} of ${steps.length} was never done`;
    const earlier = at === 0 ? undefined : steps[at - 1];
    if (earlier !== undefined && step.began < earlier.returned)
      return `${what}: ${step.name} began before ${earlier.name} had returned`;
  }
  return undefined;
}
