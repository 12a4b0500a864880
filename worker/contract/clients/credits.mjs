// Grant a customer 5.00 USD and print what scrip tells of it.
//
// Needs `npm install redis`. Run: BROKER_URL=redis://localhost:6379 node credits.mjs CUSTOMER

import { createHmac, randomUUID } from "node:crypto";
import { createClient } from "redis";

// After any doubt send the message again with the same id: it counts once.
async function publish(redis, type, id, data) {
  const time = new Date().toISOString();
  const event = { specversion: "1.0", id, source: "/examples/node", type, time, data };
  await redis.xAdd("credits.in", "*", withSignature(JSON.stringify(event)));
}

// Signed where SIGNING_KEY says with what: the key's id, a colon, its secret in hex.
function withSignature(event) {
  const [key, secret] = (process.env.SIGNING_KEY ?? "").split(":");
  if (!secret) return { event };
  const mac = createHmac("sha256", Buffer.from(secret, "hex")).update(event).digest("hex");
  return { event, signature: `${key}:${mac}` };
}

// Where the event stream ends now; a real subscriber keeps the last position it has handled.
async function newest(redis) {
  const entries = await redis.xRevRange("credits.events", "+", "-", { COUNT: 1 });
  return entries.length ? entries[0].id : "0-0";
}

// The events behind a position, as they come; ends when there is none for ten seconds.
async function* follow(redis, id) {
  const seen = new Map();
  for (;;) {
    const stream = { key: "credits.events", id };
    const reply = await redis.xRead(stream, { COUNT: 100, BLOCK: 10_000 });
    if (!reply) return;
    for (const entry of reply[0].messages) {
      id = entry.id;
      const event = JSON.parse(entry.message.event);
      const { tenant, customer, currency, event_seq: seq } = event.data;
      if (seq === undefined) continue; // message.quarantined is of no account
      const account = JSON.stringify([tenant, customer, currency]);
      const before = seen.get(account) ?? seq - 1;
      if (seq > before + 1) console.error(`events of ${account} are missing after ${before}`);
      seen.set(account, Math.max(before, seq));
      if (seq > before) yield event; // otherwise it was delivered twice
    }
  }
}

const redis = createClient({ url: process.env.BROKER_URL ?? "redis://localhost:6379" });
await redis.connect();
const position = await newest(redis);
const id = `grant-${randomUUID()}`;
const grant = { customer: process.argv[2], currency: "USD", amount: "5.00" };
await publish(redis, "credit.grant", id, grant);
process.exitCode = 1;
for await (const { type, data } of follow(redis, position)) {
  if ((data.cause ?? data).id === id) {
    console.log(`${type}: ${data.available} available after ${id}`);
    process.exitCode = 0;
    break;
  }
}
await redis.close();
