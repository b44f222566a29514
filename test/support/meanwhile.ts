// What others do while something goes on.

/** Takes a step again and again until the work is done, with the number of steps before it; returns how many. */
export async function meanwhile(
  work: Promise<unknown>,
  step: (taken: number) => Promise<void>,
): Promise<number> {
  const state = { isOver: false };
  const over = () => {
    state.isOver = true;
  };
  void work.then(over, over);
  let taken = 0;
  while (!state.isOver) await step(taken++);
  await work;
  return taken;
}
