/* kafkajs with avsc as a filter: node kafkajs.js NODE-FOLDER BROKER. One JSON request a line on stdin,
 * one JSON answer each, {"ok": …} or {"error": WORDS}.
 *
 *   {"op": "read", "topic", "schemas": {ID: FILE}}      all that the topic has now, decoded
 *   {"op": "send", "topic", "key", "headers", "id", "schema": FILE, "value"}
 *   {"op": "transaction", …as send…, "commit": true or false}
 *
 * Partitions are chosen by kafkajs's own default, which is the Java client's. */
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const modules = path.join(process.argv[2], "node_modules");
const { Kafka, CompressionCodecs, CompressionTypes, Partitioners, logLevel } = require(
  path.join(modules, "kafkajs"),
);
const LZ4 = require(path.join(modules, "kafkajs-lz4"));
const { Type } = require(path.join(modules, "avsc"));

CompressionCodecs[CompressionTypes.LZ4] = new LZ4().codec;
const kafka = new Kafka({
  clientId: "kafkajs",
  brokers: [process.argv[3]],
  logLevel: logLevel.NOTHING, // it calls errors what it tries again; what fails is thrown
});
const createPartitioner = Partitioners.DefaultPartitioner;
const admin = kafka.admin();
let producer;

function typeOf(file) {
  return Type.forSchema(JSON.parse(fs.readFileSync(file, "utf8")));
}

function decoded(value, schemas, types) {
  if (value === null || value.length < 5 || value[0] !== 0) return {};
  const id = value.readInt32BE(1);
  if (!schemas[id]) return {};
  types[id] ??= typeOf(schemas[id]);
  const json = JSON.parse(types[id].toString(types[id].fromBuffer(value.subarray(5))));
  return { type: types[id].name, value: json };
}

/* From the beginning to where each partition ends now. */
async function read({ topic, schemas }) {
  const left = new Map();
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
    if (Number(low) < Number(high)) left.set(partition, Number(high));
  const records = [];
  const types = {};
  if (left.size === 0) return records;
  const consumer = kafka.consumer({ groupId: `read-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise((resolve, reject) => {
    const reached = (partition, next) => {
      if (left.has(partition) && next >= left.get(partition)) left.delete(partition);
      if (left.size === 0) resolve();
    };
    /* A transaction's end is an offset without a record: only the batch tells that it was passed. */
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
      reached(payload.partition, Number(payload.lastOffset) + 1),
    );
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          const headers = {};
          for (const [name, bytes] of Object.entries(message.headers)) headers[name] = String(bytes);
          records.push({
            partition,
            offset: Number(message.offset),
            key: message.key === null ? null : String(message.key),
            headers,
            ...decoded(message.value, schemas, types),
          });
          reached(partition, Number(message.offset) + 1);
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return records;
}

function message({ key, headers, id, schema, value }) {
  const type = typeOf(schema);
  const frame = Buffer.alloc(5);
  frame.writeInt32BE(id, 1);
  const body = type.toBuffer(type.fromString(JSON.stringify(value)));
  return { key, headers, value: Buffer.concat([frame, body]) };
}

function where([sent]) {
  return { partition: sent.partition, offset: Number(sent.baseOffset) };
}

async function send(request) {
  if (!producer) {
    producer = kafka.producer({ createPartitioner });
    await producer.connect();
  }
  const messages = [message(request)];
  const compression = CompressionTypes.LZ4;
  return where(await producer.send({ topic: request.topic, messages, compression, acks: -1 }));
}

async function transaction(request) {
  const own = kafka.producer({
    createPartitioner,
    transactionalId: `transaction-${process.pid}-${Date.now()}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await own.connect();
  const open = await own.transaction();
  const sent = where(await open.send({ topic: request.topic, messages: [message(request)], acks: -1 }));
  await (request.commit ? open.commit() : open.abort());
  await own.disconnect();
  return sent;
}

const operations = { read, send, transaction };

async function main() {
  await admin.connect();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply;
    try {
      const request = JSON.parse(line);
      reply = { ok: await operations[request.op](request) };
    } catch (e) {
      reply = { error: e.message };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  if (producer) await producer.disconnect();
  await admin.disconnect();
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
