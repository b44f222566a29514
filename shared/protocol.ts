// Lines to messages and back. Whatever comes from a peer is `unknown` until it has passed here; what leaves
// here is a fresh object with only the fields that its definition has.

import { type TObject, type TSchema } from "@sinclair/typebox";
import { TypeCompiler, type TypeCheck } from "@sinclair/typebox/compiler";
import { answers, type Answer } from "./answers.js";
import { readChunkRequest, type ChunkCodec } from "./chunks.js";
import { RoomError } from "./errors.js";
import { Id } from "./fields.js";
import { requests, type Request } from "./requests.js";

/** The version of the wire that this code speaks. */
export const protocolVersion = 1;

/** A request, or what is wrong with it under the `id` to answer with. */
export type Parsed =
  | { readonly request: Request; readonly error?: never }
  | { readonly error: RoomError; readonly id: string | undefined };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const requestShapes = shapesOf(requests);
const answerShapes = shapesOf(answers);
const idCheck = TypeCompiler.Compile(Id);

/**
 * Reads one line of a client. Never throws, whatever the line is.
 * @param codec when there is one, the data of most chunks is given as bytes
 */
export function parseRequest(line: Uint8Array, codec?: ChunkCodec): Parsed {
  const chunk = codec && readChunkRequest(line, codec);
  if (chunk !== undefined) return { request: chunk };
  const value = parseObject(line);
  if (value === undefined) return { error: new RoomError("bad-line"), id: undefined };
  const id = idCheck.Check(value.id) ? value.id : undefined;
  const type = value.type;
  if (typeof type !== "string") return { error: badMessage("type is missing or not a string"), id };
  const shape = requestShapes.get(type);
  if (shape === undefined) return { error: new RoomError("unknown-type"), id };
  const fields = shape.pick(value);
  const fault = shape.faultOf(fields);
  if (fault !== undefined) return { error: badMessage(fault), id };
  return { request: fields as unknown as Request };
}

/**
 * Reads what a server sent, already parsed as JSON; undefined for a type that this client does not know.
 * @throws RoomError bad-message
 */
export function parseAnswer(value: unknown): Answer | undefined {
  if (!isRecord(value)) throw badMessage("the server sent something other than an object");
  const type = value.type;
  const shape = typeof type === "string" ? answerShapes.get(type) : undefined;
  if (shape === undefined) return undefined;
  const fields = shape.pick(value);
  const fault = shape.faultOf(fields);
  if (fault !== undefined) throw badMessage(`in the server's ${String(type)}: ${fault}`);
  return fields as unknown as Answer;
}

/** A message as a line, its line feed included; under an `id` when one is given. Bytes are written with chunks.ts. */
export function encode(message: Request | Answer, id?: string): string {
  if (message.type === "chunk" && typeof message.data !== "string") throw new TypeError("Bytes are no JSON.");
  return JSON.stringify(id === undefined ? message : { ...message, id }) + "\n";
}

interface Shape {
  pick(value: Record<string, unknown>): Record<string, unknown>;
  /** What is wrong with the fields, in words; undefined when nothing is. */
  faultOf(fields: Record<string, unknown>): string | undefined;
}

// A Map, so that a type called "constructor" finds nothing. Validators are compiled when first needed.
function shapesOf(schemas: Record<string, TObject>): ReadonlyMap<string, Shape> {
  return new Map(Object.entries(schemas).map(([type, schema]) => [type, shapeOf(schema)]));
}

function shapeOf(schema: TObject): Shape {
  const names = Object.keys(schema.properties);
  let compiled: TypeCheck<TObject> | undefined;
  return {
    pick(value) {
      const fields: Record<string, unknown> = {};
      for (const name of names) if (Object.hasOwn(value, name)) fields[name] = value[name];
      return fields;
    },
    faultOf(fields) {
      compiled ??= TypeCompiler.Compile(schema);
      return compiled.Check(fields) ? undefined : describeFault(compiled, fields);
    },
  };
}

function describeFault(check: TypeCheck<TObject>, fields: Record<string, unknown>): string {
  const fault = check.Errors(fields).First();
  if (fault === undefined) return "it is not of its form";
  const field = fault.path.slice(1).replaceAll("/", ".");
  if (fault.value === undefined) return `${field} is missing`;
  return `${field} must be ${expectation(fault.schema)}`;
}

function expectation(schema: TSchema): string {
  if (schema.description !== undefined) return schema.description;
  return typeof schema.type === "string" ? `of type ${schema.type}` : "as documented";
}

function badMessage(fault: string): RoomError {
  return new RoomError("bad-message", { message: `Bad message: ${fault}.` });
}

function parseObject(line: Uint8Array): Record<string, unknown> | undefined {
  const text = decodeUtf8(line);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

// A fatal decoder throws for one reason only. Which class it throws depends on the realm it was made in.
function decodeUtf8(line: Uint8Array): string | undefined {
  try {
    return utf8.decode(line);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
