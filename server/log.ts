// What the server tells its operator. `pino` has this shape; so has anything a test passes in.

export interface Log {
  info(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

const maxErrorsPerSecond = 10;

/** The same log with few enough errors that a fault of every request does not fill a disk. */
export function calmLog(log: Log, nowMs: () => number = Date.now): Log {
  let second = 0;
  let errors = 0;
  return {
    info(facts, text) {
      log.info(facts, text);
    },
    error(facts, text) {
      const now = Math.floor(nowMs() / 1000);
      if (now !== second) {
        const leftOut = errors - maxErrorsPerSecond;
        if (leftOut > 0) log.error({ leftOut }, "errors of one second were left out");
        second = now;
        errors = 0;
      }
      if (++errors <= maxErrorsPerSecond) log.error(facts, text);
    },
  };
}
