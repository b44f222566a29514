// What a command is that a person may type. The tables are in commands.ts and entry-commands.ts.

import type { Chat } from "../chat/chat.js";

export interface Command {
  /** Lower case. A name that ends in a colon may be followed by its argument at once. */
  readonly names: readonly [string, ...string[]];
  readonly argument: "none" | "optional" | "needed";
  readonly usage: string;
  readonly help: string;
  /** It takes long, and what is typed next need not wait for it. */
  readonly runsBeside?: true;
  run(chat: Chat, argument: string): Promise<void> | void;
}
