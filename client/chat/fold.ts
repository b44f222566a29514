// Entries as somebody reads them who looks back: an edited one says what it says by now, reactions are under what they
// are about, and the entries that did that are left out. Pure; /history shows the result.

import type { AnswerOf } from "../../shared/answers.js";
import type { Entry } from "../session/exchanges.js";

export interface Folded {
  readonly entry: Entry;
  readonly isEdited: boolean;
  /** Who reacts, by what with. */
  readonly reactions: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Folding {
  entry: Entry;
  isEdited: boolean;
  readonly reactions: Map<string, Set<string>>;
}

/** @param entries ascending. @param changes later entries that change these, ascending */
export function fold(entries: readonly Entry[], changes: readonly Entry[]): Folded[] {
  const shown = new Map<number, Folding>();
  for (const entry of entries) {
    if (!changesOne(entry, shown)) shown.set(entry.seq, { entry, isEdited: false, reactions: new Map() });
  }
  const last = entries.at(-1)?.seq ?? 0;
  for (const entry of changes) if (entry.seq > last) changesOne(entry, shown);
  return [...shown.values()];
}

/** Whether an entry only changes one that is shown, or has nothing to say any more; what it does is done. */
function changesOne(entry: Entry, shown: ReadonlyMap<number, Folding>): boolean {
  // Of what was taken away nothing is to be shown.
  if ((entry.type === "edit" || entry.type === "react") && entry.deleted === true) return true;
  const target = "target" in entry ? shown.get(entry.target) : undefined;
  if (target === undefined) return false;
  if (entry.type === "edit") edit(target, entry);
  if (entry.type === "react") react(target, entry);
  return true;
}

function edit(target: Folding, { text }: AnswerOf<"edit">): void {
  const { entry } = target;
  const canBeEdited = entry.type === "message" || entry.type === "direct";
  if (!canBeEdited || entry.deleted === true || text === undefined) return;
  target.entry = { ...entry, text };
  target.isEdited = true;
}

function react({ reactions }: Folding, { emoji, from, on }: AnswerOf<"react">): void {
  if (emoji === undefined) return;
  const names = reactions.get(emoji) ?? new Set();
  if (on === true) names.add(from);
  else names.delete(from);
  if (names.size > 0) reactions.set(emoji, names);
  else reactions.delete(emoji);
}
