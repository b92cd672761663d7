// A push server made of npm `ws`: what is posted to a topic goes to all who listen to it.
//
//     server.mjs MODULES [OPTIONS]
//
// MODULES is the folder that holds `ws`, OPTIONS the server's own in JSON. It says its address on
// stdout and ends when stdin does.

import { createRequire } from "node:module";
import { createServer } from "node:http";

const [modules, options = "{}"] = process.argv.slice(2);
const { WebSocketServer } = createRequire(`${modules}/`)("ws");

const topicOf = (url) => url.split("/")[2];
const listeners = new Map();
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  ...JSON.parse(options),
});

const server = createServer((request, answer) => {
  if (request.method !== "POST") {
    answer.writeHead(404).end();
    return;
  }
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const message = Buffer.concat(parts).toString();
    for (const socket of listeners.get(topicOf(request.url)) ?? []) socket.send(message);
    answer.writeHead(200, { "Content-Length": 0 }).end();
  });
});
server.on("upgrade", (request, stream, head) => {
  stream.setNoDelay(true);
  sockets.handleUpgrade(request, stream, head, (socket) => {
    const topic = topicOf(request.url);
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(socket);
    socket.on("close", () => listeners.get(topic).delete(socket));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
