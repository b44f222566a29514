// Small facts about strings that both ends count with.

/** How many bytes a well-formed string takes in UTF-8 (RFC 3629). */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit <= 0x7f) continue;
    bytes += unit > 0x7ff ? 2 : 1;
    // A surrogate pair is two units and four bytes, all of them counted at its first half.
    if (unit >= 0xd800 && unit <= 0xdbff) at++;
  }
  return bytes;
}

/** How many characters (code points) a string has. */
export function countCharacters(text: string): number {
  return Array.from(text).length;
}

// Cc control, Cf format (bidirectional and zero-width), Cs lone surrogates, Zl and Zp line ends; and what
// shows as nothing although it counts as a letter or a mark. An emoji may need some of them to be that emoji.
const emojiOrUnseen =
  /\p{RGI_Emoji}|(?<unseen>[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800])/gv;

/** Replaces each character that cannot be seen, but for those that make an emoji. */
export function replaceUnseen(text: string, replacement: (character: string) => string): string {
  return text.replace(emojiOrUnseen, (found, unseen?: string) =>
    unseen === undefined ? found : replacement(unseen),
  );
}
