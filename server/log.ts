// What the server tells its operator. `pino` has this shape; so has anything a test passes in.

export interface Log {
  info(facts: object, text: string): void;
  error(facts: object, text: string): void;
}
