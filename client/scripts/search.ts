// `node client search`: finds what was said in the room.

import { entryLines } from "../chat/render.js";
import { visibleJson } from "../chat/visible.js";
import type { Entry } from "../session/exchanges.js";
import type { Errand, Run } from "./errand.js";

const defaultLimit = 20;

export const search: Errand = {
  words: "WORDS...",
  describe: "finds what was said in the room, the newest last",
  about:
    'All words must be there; also "a phrase" within the quotes of the shell, or the beginning of a word as bik*.',
  examples: ["search release", "search '\"release 2\" notes*' --from alice --limit 100"],
  flags: {
    from: { type: "string", describe: "only what this person has said" },
    limit: { type: "number", default: defaultLimit, describe: "how many of the newest at most" },
  },
  plan(given) {
    const [query, from, limit = defaultLimit] = [
      given.words.join(" "),
      given.text("from"),
      given.number("limit"),
    ];
    if (query === "") return "Say which words to look for";
    if (!(Number.isSafeInteger(limit) && limit >= 1)) return "The limit must be a whole number from 1";
    return {
      run: (run) =>
        run.outcome.attempt("", async () => printFound(run, { query, ...(from && { from }) }, limit)),
    };
  },
};

async function printFound(
  run: Run,
  query: { query: string; from?: string },
  limit: number,
): Promise<undefined> {
  const found: Entry[] = [];
  for (let before: number | undefined; ;) {
    const page = await run.session.search(
      { ...query, limit: Math.min(100, limit - found.length), ...(before !== undefined && { before }) },
      { signal: run.suspend },
    );
    found.push(...page.entries);
    before = page.entries.at(-1)?.seq;
    if (!page.more || found.length >= limit || before === undefined) break;
  }
  const { name: me } = run.session;
  for (const entry of found.toReversed()) {
    const look = { room: run.session.joined?.room, me, now: new Date(), clock: "date" as const };
    await run.print(run.isJson ? visibleJson(entry) : entryLines(entry, look, { isNumbered: true }));
  }
  return undefined;
}
