// Grant a customer 5.00 USD over RabbitMQ and print what scrip tells of it.
//
// Needs `npm install amqplib`. Run: BROKER_URL=amqp://localhost:5672 node credits_amqp.mjs CUSTOMER

import { randomUUID } from "node:crypto";
import amqp from "amqplib";

// Returns when the broker has it on disk; after any doubt send the same id again, it counts once.
async function publish(channel, type, id, data) {
  const time = new Date().toISOString();
  const event = { specversion: "1.0", id, source: "/examples/amqp", type, time, data };
  const options = { persistent: true, mandatory: true };
  let returned = false;
  channel.once("return", () => (returned = true)); // no queue is bound to the exchange
  channel.publish("credits", type, Buffer.from(JSON.stringify(event)), options);
  await channel.waitForConfirms();
  if (returned) throw new Error("no queue took the message: start scrip's worker first");
}

// A queue of one's own, bound before the message is sent, or its event is lost. This one goes with
// the connection; a real subscriber's is a durable quorum queue with a single active consumer.
async function subscribe(channel) {
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, "credits.events", "#");
  return queue;
}

// The first event that names the message. A real subscriber ignores an event_seq that is not above
// the last of its account, and takes a jump in it for a loss.
function answer(channel, queue, id) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no answer for ten seconds")), 10_000).unref();
    const take = (message) => {
      const event = JSON.parse(message.content);
      channel.ack(message); // a real subscriber: when it has kept what it makes of the event
      if ((event.data.cause ?? event.data).id === id) resolve(event);
    };
    channel.consume(queue, take).catch(reject);
  });
}

const connection = await amqp.connect(process.env.BROKER_URL ?? "amqp://localhost:5672");
const channel = await connection.createConfirmChannel();
const queue = await subscribe(channel);
const id = `grant-${randomUUID()}`;
const grant = { customer: process.argv[2], currency: "USD", amount: "5.00" };
await publish(channel, "credit.grant", id, grant);
const { type, data } = await answer(channel, queue, id);
console.log(`${type}: ${data.available} available after ${id}`);
await connection.close();
