// A subscriber made of npm `ws`: says on stdout, in JSON lines, what it saw.
//
//     client.mjs MODULES URL COUNT [OPTIONS]
//
// MODULES is the folder that holds `ws`, OPTIONS the client's own in JSON. It pings, publishes one
// message in two fragments, waits until COUNT messages have come, and closes with code 4001.

import { createRequire } from "node:module";

const [modules, url, count, options = "{}"] = process.argv.slice(2);
const { WebSocket } = createRequire(`${modules}/`)("ws");

const say = (what) => console.log(JSON.stringify(what));
const socket = new WebSocket(url, { perMessageDeflate: false, ...JSON.parse(options) });
let answer = {};
let seen = 0;

socket.on("upgrade", (response) => (answer = response.headers));
socket.on("open", () => {
  say({ event: "open", extensions: socket.extensions, answer });
  socket.ping();
});
socket.on("pong", () => {
  say({ event: "pong" });
  socket.send("sent in ", { fin: false });
  socket.send("two fragments", { fin: true });
});
socket.on("message", (data, isBinary) => {
  say({ event: "message", text: data.toString(), isBinary });
  seen += 1;
  if (seen === Number(count)) socket.close(4001, "enough");
});
socket.on("close", (code) => say({ event: "close", code }));
socket.on("error", (error) => {
  say({ event: "error", reason: String(error) });
  process.exitCode = 1;
});
