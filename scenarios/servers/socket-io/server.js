// Socket.IO: a client enters a room by the event `join`. What is posted to /publish/ROOM is sent to
// the room as the event `news`: Socket.IO itself has no way to publish from outside. A second argument
// is how many milliseconds there are between heartbeats, a third how soon each must be answered.
const { createServer } = require("node:http");
const { text } = require("node:stream/consumers");
const { Server } = require("socket.io");

const server = createServer(async (request, response) => {
  const [, action, room] = request.url.split("/");
  if (request.method !== "POST" || action !== "publish") return response.writeHead(404).end();
  io.to(room).emit("news", await text(request));
  response.writeHead(204).end();
});
const [, , port, interval, timeout] = process.argv;
const io = new Server(server, interval && { pingInterval: +interval, pingTimeout: +timeout });

io.on("connection", (socket) => {
  socket.on("join", (room) => socket.join(room));
});

server.listen(Number(port), "127.0.0.1");
