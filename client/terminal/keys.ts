// What keys do in the line that is being typed: one table, as people know it from their shell. Node's readline decodes
// the bytes of a terminal to keys.

export interface Key {
  readonly sequence?: string | undefined;
  readonly name?: string | undefined;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

export type Action = keyof typeof actions;

/** Each with its keys: `C-` with Ctrl, `M-` with Alt. */
const actions = {
  enter: ["return", "enter"],
  newline: ["M-return", "M-enter"],
  complete: ["tab"],
  left: ["left", "C-b"],
  right: ["right", "C-f"],
  wordLeft: ["M-b", "C-left", "M-left"],
  wordRight: ["M-f", "C-right", "M-right"],
  home: ["home", "C-a"],
  end: ["end", "C-e"],
  up: ["up", "C-p"],
  down: ["down", "C-n"],
  deleteBack: ["backspace", "C-h"],
  deleteForward: ["delete"],
  deleteOrEnd: ["C-d"],
  cutToEnd: ["C-k"],
  cutToStart: ["C-u"],
  cutWordBack: ["C-w", "M-backspace"],
  cutWordForward: ["M-d"],
  putBack: ["C-y"],
  transpose: ["C-t"],
  search: ["C-r"],
  clearScreen: ["C-l"],
  interrupt: ["C-c"],
  suspend: ["C-z"],
  cancel: ["escape", "C-g"],
  pasteStart: ["paste-start"],
  pasteEnd: ["paste-end"],
} as const;

/** What a terminal says when its window is looked at, or is not any more (xterm, FocusIn and FocusOut). */
export const focusIn = "\x1b[I";
export const focusOut = "\x1b[O";

const byKey = new Map(
  Object.entries(actions).flatMap(([action, keys]) => keys.map((key): [string, string] => [key, action])),
);

/** Undefined when the key does nothing but, perhaps, write itself. */
export function actionOf({ name = "", ctrl = false, meta = false }: Key): Action | undefined {
  const found = byKey.get(`${ctrl ? "C-" : ""}${meta ? "M-" : ""}${name}`);
  return found !== undefined && isAction(found) ? found : undefined;
}

function isAction(name: string): name is Action {
  return Object.hasOwn(actions, name);
}

/** The text that a key writes; undefined when it writes none. */
export function textOf(text: string | undefined, { ctrl = false, meta = false }: Key): string | undefined {
  const isControl = text === undefined || text < " " || text.startsWith("\x7f");
  return isControl || ctrl || meta ? undefined : text;
}
