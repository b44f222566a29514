// The kinds of value that messages are made of, each with the rule that JSON Schema alone cannot say.
// requests.ts and answers.ts build every message from them.

import { countCharacters } from "./text.js";
import { Kind, Type, TypeRegistry, type TSchema } from "@sinclair/typebox";

/** A kind of value: what TypeScript and JSON Schema see, and the check that decides. */
function kind<T>(name: string, facts: Record<string, unknown>, isValid: (value: unknown) => boolean) {
  TypeRegistry.Set(name, (_schema, value) => isValid(value));
  return Type.Unsafe<T>({ [Kind]: name, ...facts });
}

const isString = (value: unknown): value is string => typeof value === "string" && value.isWellFormed();

// eslint-disable-next-line no-control-regex -- the control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** Any string without lone surrogates. */
export const Text = kind<string>("Text", { type: "string", description: "a string" }, isString);

/** Base64 as text; of a line of the usual form, the bytes that it stands for (chunks.ts). */
export const Data = kind<string | Uint8Array>("Data", { type: "string", description: "a string" }, isString);

/** The client's own name for a request. */
export const Id = kind<string>(
  "Id",
  {
    type: "string",
    minLength: 1,
    maxLength: 64,
    description: "1 to 64 characters, none of them control characters",
  },
  (value) =>
    isString(value) &&
    value !== "" &&
    value.length <= 128 &&
    countCharacters(value) <= 64 &&
    !control.test(value),
);

/** A size, an offset or a number of an entry: whole, 0 to 2^53-1, and not -0. */
export const Whole = kind<number>(
  "Whole",
  {
    type: "integer",
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "a whole number from 0 to 2^53-1",
  },
  (value) => Number.isSafeInteger(value) && Number(value) >= 0 && !Object.is(value, -0),
);

/** How many items a page may have at most. */
export const Count = kind<number>(
  "Count",
  { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "a whole number from 1" },
  (value) => Number.isSafeInteger(value) && Number(value) >= 1,
);

/** SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits. */
export const Sha256 = kind<string>(
  "Sha256",
  { type: "string", pattern: "^[0-9a-f]{64}$", description: "64 lower-case hexadecimal digits" },
  (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
);

export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
