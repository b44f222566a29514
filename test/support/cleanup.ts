// What a test opened and has to give back, undone after it in reverse order, also when it failed.

const undo: (() => Promise<unknown>)[] = [];

export function cleanUp(work: () => Promise<unknown>): void {
  undo.push(work);
}

afterEach(async () => {
  while (undo.length > 0) await undo.pop()?.();
});
