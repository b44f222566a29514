// What a program of a transfer tells transfers.js: one line of JSON about what it did, with the seconds that took and
// what it cost this process.

/** @param work resolves with more facts to tell */
export async function report(work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const facts = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ ...facts, seconds, cpuSeconds: (user + system) / 1e6 }));
}
