// `node client export`: all that a room has, from its first entry to the head of the moment, as the wire's own lines.

import { gapLine } from "../chat/render.js";
import { visibleJson } from "../chat/visible.js";
import type { Errand, Run } from "./errand.js";

export const exportRoom: Errand = {
  words: "",
  describe: "writes all that the room has as JSON lines",
  about: "Each line is an entry as the server tells it, ascending by seq.",
  examples: [
    "export --room lab > lab.ndjson",
    "export --since 1000 | jq -r 'select(.type == \"message\") | .text'",
  ],
  flags: { since: { type: "number", default: 0, describe: "only entries above this number" } },
  plan(given) {
    const since = given.number("since") ?? 0;
    if (given.words.length > 0) return `Unknown argument: ${given.words.join(" ")}`;
    if (!(Number.isSafeInteger(since) && since >= 0))
      return "The number to begin behind must be a whole number from 0";
    return { run: (run) => printAll(run, since) };
  },
};

async function printAll(run: Run, since: number): Promise<void> {
  const { session } = run;
  const room = session.joined?.room ?? "";
  const head = session.joined?.head ?? 0;
  for (let after = since; after < head;) {
    const page = await session.history(
      { room, after, limit: session.limits.historyCount },
      { signal: run.suspend },
    );
    if (page.lost !== undefined) run.line.tell(gapLine({ kind: "lost", room, ...page.lost }));
    for (const entry of page.entries) if (entry.seq <= head) await run.print(visibleJson(entry));
    if (page.count === 0) break;
    after = page.to;
  }
}
