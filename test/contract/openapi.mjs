/* A service's openapi.yaml: openapi.mjs NODE-FOLDER PROGRAM OPENAPI TEST…
 *
 * It is valid OpenAPI 3.1; it is complete by our own rules; it has the routes that the program says
 * it has, and no others; its examples fit their schemas; and every answer that the service's own
 * tests get (they log them where WEB_LOG says) is one that it describes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [nodeFolder, program, file, ...tests] = process.argv.slice(2);
const require = createRequire(pathToFileURL(path.resolve(nodeFolder, "package.json")));
const Ajv = require("ajv/dist/2020.js");
const { parse } = require("yaml");
const { Validator } = await import(
  pathToFileURL(path.resolve(nodeFolder, "node_modules/@seriousme/openapi-schema-validator/index.js"))
);

const METHODS = ["get", "put", "post", "delete", "patch"];
const api = parse(readFileSync(file, "utf8"));
let passed = 0;
let failed = 0;
function check(ok, words) {
  if (ok) passed++;
  else {
    failed++;
    console.log(words);
  }
  return ok;
}

function resolve(thing) {
  if (!thing || !thing.$ref) return thing;
  return thing.$ref.slice(2).split("/").reduce((at, name) => at[name], api);
}

const ajv = new Ajv({ strict: false });
ajv.addSchema({ $id: "api:", components: api.components });
const schemas = new Map();
/* References are to the document. */
function fits(schema, value, what) {
  if (!schemas.has(schema))
    schemas.set(schema, ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api:#/'))));
  const test = schemas.get(schema);
  return check(test(value), `${what}: ${ajv.errorsText(test.errors)}: ${JSON.stringify(value)}`);
}

function* operations() {
  for (const [route, item] of Object.entries(api.paths))
    for (const method of METHODS) if (item[method]) yield [route, method, item, item[method]];
}

function checkContent(content, what) {
  for (const [type, media] of Object.entries(content || {})) {
    check(media.schema, `${what}: ${type} has no schema`);
    if ("example" in media) fits(media.schema, media.example, `${what}: example`);
    else check(!type.endsWith("/json"), `${what}: ${type} has no example`);
  }
}

function checkOperation(route, method, item, op) {
  const what = `${method.toUpperCase()} ${route}`;
  const parameters = [...(item.parameters || []), ...(op.parameters || [])].map(resolve);
  const inPath = parameters.filter((p) => p.in === "path").map((p) => `{${p.name}}`);
  check(op.operationId && op.summary && op.tags, `${what}: no operationId, summary or tags`);
  check(String(route.match(/\{\w+\}/g) || []) === String(inPath), `${what}: other parameters`);
  check(parameters.every((p) => p.description && p.schema), `${what}: a parameter says too little`);
  if (op.requestBody) checkContent(op.requestBody.content, what);
  for (const [status, ref] of Object.entries(op.responses)) {
    const response = resolve(ref);
    check(response.description, `${what}: ${status} has no description`);
    checkContent(response.content, `${what}: ${status}`);
    check(status < 400 || response.content?.["application/problem+json"], `${what}: ${status} is no problem`);
    const later = ["202", "502", "503", "504"].includes(status) && route.startsWith("/v1/");
    check(!later || response.headers?.["Retry-After"], `${what}: ${status} has no Retry-After`);
  }
}

function checkRoutes() {
  const described = JSON.parse(execFileSync(program, ["describe"], { encoding: "utf8" }));
  const want = described.routes.map((r) => `${r.method} ${r.path}: ${r.summary.toLowerCase()}`);
  const have = [...operations()].map(
    ([route, method, , op]) => `${method.toUpperCase()} ${route}: ${op.summary.toLowerCase()}`);
  check(String(want.sort()) === String(have.sort()), `the program has\n${want.join("\n")}\nand ${file}\n${have.join("\n")}`);
  const ids = [...operations()].map(([, , , op]) => op.operationId);
  check(new Set(ids).size === ids.length, "an operationId is there twice");
}

/* The operation that a request was for; undefined where it is nowhere. */
function find(method, target) {
  const at = target.split("?")[0];
  for (const [route, verb, , op] of operations())
    if (verb === (method === "HEAD" ? "get" : method.toLowerCase()) &&
        new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`).test(at))
      return op;
  return undefined;
}

function checkExchange(exchange) {
  const [method, target] = exchange.request.split(" ");
  const what = `${exchange.request}: ${exchange.status}`;
  const op = find(method, target);
  if (!op) return check([404, 405].includes(exchange.status), `${what}: not described`);
  const response = resolve(op.responses[exchange.status]);
  if (!check(response, `${what}: not described: ${exchange.answer}`)) return false;
  const head = new Map(exchange.head.split("\r\n").slice(1).filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  for (const name of ["location", "retry-after", "link", "etag"])
    if (head.has(name))
      check(Object.keys(response.headers || {}).some((n) => n.toLowerCase() === name), `${what}: ${name} is not described`);
  for (const name of ["Location", "ETag"])
    if (response.headers?.[name]) check(head.has(name.toLowerCase()), `${what}: ${name} is missing`);
  const type = head.get("content-type");
  const media = response.content?.[type];
  if (!response.content || method === "HEAD") return check(exchange.answer === "", `${what}: a body`);
  if (!check(media, `${what}: ${type} is not described`)) return false;
  /* What is streamed is logged without its pieces. */
  fits(media.schema, type.endsWith("json") ? JSON.parse(exchange.answer) : exchange.answer, what);
  /* What is refused as a request may fit no schema; what is obeyed does. */
  if (exchange.status < 300 && op.requestBody && (op.requestBody.required || exchange.body))
    fits(op.requestBody.content["application/json"].schema, JSON.parse(exchange.body), `${what}: request`);
  return true;
}

const verdict = await new Validator().validate(api);
check(verdict.valid, `${file} is not valid: ${JSON.stringify(verdict.errors)}`);
for (const operation of operations()) checkOperation(...operation);
checkRoutes();

const folder = mkdtempSync(path.join(process.env.TMPDIR || tmpdir(), "evt-"));
try {
  const log = path.join(folder, "exchanges");
  for (const test of tests)
    execFileSync(test, { env: { ...process.env, WEB_LOG: log, CK_FORK: "no" }, encoding: "utf8" });
  const lines = readFileSync(log, "utf8").split("\n").filter(Boolean);
  check(lines.length > 50, `only ${lines.length} exchanges`);
  lines.map((line) => JSON.parse(line)).forEach(checkExchange);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
