// What the exit code says of each thing that can go wrong.

import { exitCodeOf } from "../../client/exit-codes.js";
import { ClientError, diskFailure } from "../../client/failures.js";
import { RoomError, type ErrorCode } from "../../shared/errors.js";

const disk = (code: string) =>
  diskFailure("save x", Object.assign(new Error(code), { code, syscall: "write" }));

describe("The exit code", () => {
  it.each<[ErrorCode, number]>([
    ["name-taken", 4],
    ["forbidden", 4],
    ["file-not-found", 7],
    ["no-such-user", 7],
    ["no-such-entry", 7],
    ["hash-mismatch", 8],
    ["quota-exceeded", 9],
    ["storage-full", 9],
    ["file-too-large", 9],
  ])("of %s, which a server says, is %i", (code, expected) => {
    expect(exitCodeOf(new RoomError(code))).toBe(expected);
  });

  it("of what goes wrong here goes by its kind", () => {
    const codes = (
      ["cannot-connect", "connection-lost", "damaged", "bad-setting", "interrupted"] as const
    ).map((code) => exitCodeOf(new ClientError(code, "")));
    expect(codes).toEqual([3, 5, 8, 2, 130]);
    expect(["ENOENT", "ENOSPC", "EDQUOT", "EACCES"].map((code) => exitCodeOf(disk(code)))).toEqual([
      7, 9, 9, 6,
    ]);
    expect(exitCodeOf(new TypeError("a mistake"))).toBe(1);
  });
});
