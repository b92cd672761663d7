// SockJS: a client says which room it is in, and from then on what it sends reaches the room.
const { createServer } = require("node:http");
const sockjs = require("sockjs");

const rooms = new Map();
const chat = sockjs.createServer({ log: () => {} });

chat.on("connection", (connection) => {
  let room;
  connection.on("data", (message) => {
    if (room) return room.forEach((member) => member.write(message));
    room = rooms.get(message) ?? new Set();
    rooms.set(message, room.add(connection));
    connection.write("joined");
  });
  connection.on("close", () => room?.delete(connection));
});

const server = createServer();
chat.installHandlers(server, { prefix: "/chat" });
server.listen(Number(process.argv[2]), "127.0.0.1");
