// `node client send`: says something, or every line that comes from a pipe, in order.

import { count } from "../chat/render.js";
import { visibleJson } from "../chat/visible.js";
import type { Entry } from "../session/exchanges.js";
import type { Errand, Run } from "./errand.js";
import { inputLines } from "./input-lines.js";
import { lossOf, rejected } from "./stops.js";

/** Messages that may be on their way at once. */
const maxUnderWay = 256;

export const send: Errand = {
  words: "TEXT...",
  describe: "says something, or with - each line that comes from stdin",
  about:
    "Lines are said in their order, none is lost when the connection breaks, and empty ones are left out.",
  examples: ['send "build 7 is green"', "make 2>&1 | node client send -", 'send --to bob "are you there?"'],
  flags: {
    to: { type: "string", describe: "say it to this person alone" },
    "reply-to": { type: "number", describe: "number of the entry that it answers" },
  },
  plan(given) {
    const [text, to, replyTo] = [given.words.join(" "), given.text("to"), given.number("reply-to")];
    if (text === "") return "Say what to send: a text, or - for stdin";
    if (to === "") return "The name is empty";
    if (given.isSet("reply-to") && !(Number.isSafeInteger(replyTo) && Number(replyTo) >= 1))
      return "The number of the entry must be a whole number from 1";
    const how = { to, replyTo };
    return { run: (run) => (text === "-" ? sayLines(run, how) : sayOnce(run, text, how)) };
  },
};

interface How {
  readonly to: string | undefined;
  readonly replyTo: number | undefined;
}

async function sayOnce(run: Run, text: string, how: How): Promise<void> {
  await run.outcome.attempt("", async () => {
    await recorded(run, await say(run, text, how));
    return undefined;
  });
}

async function sayLines(run: Run, how: How): Promise<void> {
  const said = { count: 0 };
  try {
    // Nobody may be about to write another line.
    await Promise.race([sayEach(run, how, said), lossOf(run.session), rejected(run.suspend)]);
  } catch (error) {
    run.line.tell(`* ${count(said.count, "line was", "lines were")} said`);
    throw error;
  }
}

async function sayEach(run: Run, how: How, said: { count: number }): Promise<void> {
  const underWay: Promise<void>[] = [];
  let number = 0;
  for await (const line of inputLines(run.streams.input)) {
    number += 1;
    if (line === "") continue;
    const done = run.outcome.attempt(`line ${number}`, async () => {
      await recorded(run, await say(run, line, how));
      said.count += 1;
      return undefined;
    });
    // Whoever waits for it hears of it; until then it is no surprise.
    done.catch(() => undefined);
    underWay.push(done);
    if (underWay.length >= maxUnderWay) await underWay.shift();
  }
  await Promise.all(underWay);
}

async function say({ session, suspend: signal }: Run, text: string, { to, replyTo }: How): Promise<Entry> {
  const options = { signal, ...(replyTo !== undefined && { replyTo }) };
  return to === undefined ? session.say(text, undefined, options) : session.direct(to, text, options);
}

async function recorded(run: Run, entry: Entry): Promise<void> {
  if (run.isJson) await run.print(visibleJson(entry));
}
