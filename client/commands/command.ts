// What a command is that a person may type. The table of all is in commands.ts; what Tab makes of a line is in
// completion.ts.

import type { Chat } from "../chat/chat.js";
import type { Completion } from "../terminal/screen.js";

export interface Command {
  /** Lower case. A name that ends in a colon may be followed by its argument at once. */
  readonly names: readonly [string, ...string[]];
  readonly argument: "none" | "optional" | "needed";
  readonly usage: string;
  readonly help: string;
  /** It takes long, and what is typed next need not wait for it. */
  readonly runsBeside?: true;
  /** What its argument may go on as; `from` counts from the argument's beginning. */
  complete?(chat: Chat, argument: string): Promise<Completion> | Completion;
  run(chat: Chat, argument: string): Promise<void> | void;
}
