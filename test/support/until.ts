// Waiting for what a test cannot be told of.

/** Resolves when it is so. Jest's time limit is the deadline. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
