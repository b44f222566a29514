// What a room needs beside its log, for a test that opens one by itself.

import type { ReadMarks, RoomLog } from "../../server/engine.js";
import { RecentEntries } from "../../server/recent-entries.js";
import { RecentPages } from "../../server/recent-pages.js";
import type { RoomParts } from "../../server/room.js";
import { Turnstile } from "../../server/turnstile.js";
import { Works } from "../../server/works.js";
import { defaultLimits } from "../../shared/limits.js";

/** Nobody has read anything. */
const noMarks: ReadMarks = { mark: () => Promise.resolve(), find: () => Promise.resolve(undefined) };

export function roomParts(log: RoomLog, parts: Partial<RoomParts> = {}): RoomParts {
  const recent = new RecentEntries();
  const works = new Works();
  const shared = {
    works,
    catchingUp: works.openLane(),
    pages: new Turnstile(8),
    recentPages: new RecentPages(),
  };
  return { log, readMarks: noMarks, limits: defaultLimits, recent, ...shared, leaveGraceMs: 50, ...parts };
}
