// What a session cannot show because the server does not have it any more. inbox.ts and directs.ts find out, whoever
// listens with `onGap` is told.

/** Where an entry is: in a room, or in the conversation with that person. */
export type Whereabouts = { readonly room: string } | { readonly with: string };

/** Entries that were left out: the log has them no more, or it is another log than the one that was seen. */
export type Gap =
  | (Whereabouts & { readonly kind: "lost"; readonly from: number; readonly to: number })
  | { readonly kind: "reset"; readonly room: string };
