/* avsc as a filter: one JSON request a line on stdin, one JSON answer each.
 *
 *     {"op": "encode", "schema": FILE, "value": JSON}               {"ok": HEX}
 *     {"op": "decode", "schema": FILE, "writer": FILE, "hex": HEX}  {"ok": JSON}
 *     {"op": "reads", "reader": SCHEMA, "writer": SCHEMA}           {"ok": true or false}
 *
 * Values are Avro's JSON encoding with every long as a text, as JavaScript's numbers end at 2^53.
 * A failure is {"error": WORDS}. */
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { Type, types } = require(path.join(process.argv[2], "node_modules", "avsc"));

const long = types.LongType.__with({
  fromBuffer: (buf) => buf.readBigInt64LE(),
  toBuffer: (n) => {
    const buf = Buffer.alloc(8);
    buf.writeBigInt64LE(n);
    return buf;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (n) => typeof n === "bigint" && BigInt.asIntN(64, n) === n,
  compare: (a, b) => (a === b ? 0 : a < b ? -1 : 1),
});

/* Numbers that a double does not hold become texts before JSON is parsed. */
function parse(text) {
  return JSON.parse(text.replace(/(?<=[:,[]\s*)(-?\d{16,})(?=\s*[,}\]])/g, '"$1"'));
}

function typeOf(schema) {
  const typeHook = (s) => (s === "long" || s.type === "long" ? long : undefined);
  return Type.forSchema(schema, { typeHook, wrapUnions: true });
}

const files = new Map();
function typeOfFile(file) {
  if (!files.has(file)) files.set(file, typeOf(parse(fs.readFileSync(file, "utf8"))));
  return files.get(file);
}

function reads(reader, writer) {
  const ours = Type.forSchema(reader, { wrapUnions: true });
  const theirs = Type.forSchema(writer, { wrapUnions: true });
  try {
    ours.createResolver(theirs);
    return true;
  } catch (e) {
    return false;
  }
}

function answer(request) {
  if (request.op === "reads") return reads(request.reader, request.writer);
  const type = typeOfFile(request.schema);
  if (request.op === "encode")
    return type.toBuffer(type.fromString(JSON.stringify(request.value))).toString("hex");
  const writer = typeOfFile(request.writer || request.schema);
  const resolver = writer === type ? undefined : type.createResolver(writer);
  const value = type.fromBuffer(Buffer.from(request.hex, "hex"), resolver);
  return JSON.parse(type.toString(value));
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let reply;
  try {
    reply = { ok: answer(JSON.parse(line)) };
  } catch (e) {
    reply = { error: e.message };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
});
