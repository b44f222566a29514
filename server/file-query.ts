// Which file a request means: by its id, or by its name and version.

import { RoomError } from "../shared/errors.js";
import { parseFileName } from "../shared/names.js";
import type { FileQuery } from "./engine.js";

interface Asked {
  readonly file?: string;
  readonly name?: string;
  readonly version?: number;
}

/** @throws RoomError bad-name, bad-message when it says neither or both */
export function fileQueryOf({ file, name, version }: Asked): FileQuery {
  if (file !== undefined && name === undefined && version === undefined) return { file };
  if (file === undefined && name !== undefined) return { name: parseFileName(name), version };
  throw new RoomError("bad-message", { message: "Bad message: give name, or name and version, or file." });
}
