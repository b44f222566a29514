// What a line means, and messages by chance: made from the definitions in shared/: a new message or field is in these tests by itself.

import { Kind, type TObject, type TSchema } from "@sinclair/typebox";
import * as fc from "fast-check";
import { errorTable } from "../../shared/errors.js";
import { parseRequest } from "../../shared/protocol.js";

export interface AnyMessage {
  readonly message: Record<string, unknown>;
  /** Fields that a message of its type must have. */
  readonly required: readonly string[];
}

/** What a line says to the server: the request, or the code and the id to answer with. */
export function outcomeOf(line: string | Uint8Array): unknown {
  const parsed = parseRequest(typeof line === "string" ? Buffer.from(line) : line);
  return parsed.error === undefined ? parsed.request : { code: parsed.error.code, id: parsed.id };
}

/** Any valid message of a table of definitions. */
export function messageOf(schemas: Record<string, TObject>): fc.Arbitrary<AnyMessage> {
  return fc.oneof(
    ...Object.values(schemas).map((schema) =>
      objectOf(schema).map((message) => ({ message, required: schema.required ?? [] })),
    ),
  );
}

function objectOf(schema: TObject): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(schema.properties).map(([name, field]) => [name, valueOf(field)]);
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: schema.required ?? [],
    noNullPrototype: true,
  });
}

const text = fc.string({ unit: "binary", maxLength: 20 });

const kinds: Record<string, (schema: TSchema) => fc.Arbitrary<unknown>> = {
  Text: () => text,
  Data: () => text,
  Id: () => fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }),
  Whole: () => fc.maxSafeNat(),
  Count: () => fc.maxSafeNat().filter((count) => count > 0),
  Sha256: () => fc.stringMatching(/^[0-9a-f]{64}$/),
  Boolean: () => fc.boolean(),
  Null: () => fc.constant(null),
  Literal: (schema) => fc.constant(schema.const),
  Object: (schema) => objectOf(schema as TObject),
  Array: (schema) => fc.array(valueOf(schema.items as TSchema), { maxLength: 3 }),
  Union: (schema) => fc.oneof(...(schema.anyOf as TSchema[]).map(valueOf)),
  Unsafe: () => fc.constantFrom(...Object.keys(errorTable)),
};

function valueOf(schema: TSchema): fc.Arbitrary<unknown> {
  const make = kinds[schema[Kind]];
  if (make === undefined) throw new Error(`no messages by chance for the kind ${schema[Kind]}`);
  return make(schema);
}
