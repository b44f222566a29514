// What holds for any line and any message: parsing never throws, and a message comes back from its own line as
// it was. fast-check prints the seed of what it finds.

import * as fc from "fast-check";
import { answers } from "../../shared/answers.js";
import { RoomError } from "../../shared/errors.js";
import { encode, parseAnswer, parseRequest } from "../../shared/protocol.js";
import { requests, type Request } from "../../shared/requests.js";
import { messageOf, outcomeOf } from "../support/messages.js";

const codes = ["bad-line", "bad-message", "unknown-type"];

describe("parseRequest", () => {
  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(codes).toContain(parseRequest(bytes).error?.code);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws, whatever the JSON", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.jsonValue().map(asFields)), (line) => {
        expect([undefined, ...codes]).toContain(parseRequest(Buffer.from(line)).error?.code);
      }),
      { numRuns: 2000 },
    );
  });

  it("understands every request from its own line, and refuses it when a required field is gone", () => {
    fc.assert(
      fc.property(messageOf(requests), fc.jsonValue(), ({ message, required }, junk) => {
        const line = encode(message as Request);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(outcomeOf(line.slice(0, -1))).toStrictEqual(message);
        expect(outcomeOf(JSON.stringify({ junk, ...message }))).toStrictEqual(message);
        for (const field of required) {
          const { [field]: _gone, ...rest } = message;
          const id = "id" in rest ? rest.id : undefined;
          expect(outcomeOf(JSON.stringify(rest))).toEqual({ code: "bad-message", id });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("parseAnswer", () => {
  it("understands every answer from its own line", () => {
    fc.assert(
      fc.property(messageOf(answers), ({ message }) => {
        const value: unknown = JSON.parse(JSON.stringify({ later: 1, ...message }));
        expect(parseAnswer(value)).toStrictEqual(message);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([[{ type: "surprise" }], [{ type: "constructor" }], [{ type: 7 }], [{}]])(
    "gives nothing for a type that it does not know: %j",
    (value) => {
      expect(parseAnswer(value)).toBeUndefined();
    },
  );

  it.each([[null], [42], [[]], ["x"], [undefined], [{ type: "pong", time: 7 }]])(
    "throws bad-message for %j",
    (value) => {
      expect(() => parseAnswer(value)).toThrow(RoomError);
    },
  );
});

/** Any value in every field of a request. */
function asFields(value: unknown): string {
  const fields = Object.values(requests).flatMap((schema) => Object.keys(schema.properties));
  return JSON.stringify({ ...Object.fromEntries(fields.map((field) => [field, value])), type: "connect" });
}
