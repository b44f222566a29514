// Text of others, made fit for a terminal: what could move the cursor, change colours, turn the direction of
// text or hide is shown as its code instead. Nothing that came over the wire is printed without this.

// Cc control, Cf format (bidirectional, zero-width), Cs lone surrogates, Zl and Zp line ends, and what shows as
// nothing although it counts as a letter or a mark.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
// An emoji needs its joiners and selectors to be that emoji.
const emojiOrUnseen = new RegExp(`\\p{RGI_Emoji}|[${unseen.source.slice(1, -1)}]`, "gv");
const emoji = /^\p{RGI_Emoji}$/v;

/** One line: line ends are shown as codes, too. For names. */
export function visibleLine(text: string): string {
  return text.replace(emojiOrUnseen, (found) => (emoji.test(found) ? found : codeOf(found)));
}

/** Text that may have several lines: those after the first are told apart by a margin that no sender can leave. */
export function visibleText(text: string, margin: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => visibleLine(line.replaceAll("\t", "    ")))
    .join(`\n${margin}`);
}

/** As in a program: \x1b, \u202e, \u{e0041}. */
function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}
