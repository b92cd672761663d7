// ws: what a client sends reaches everybody else at the same path.
const { WebSocket, WebSocketServer } = require("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });

server.on("connection", (socket, request) => {
  socket.path = request.url;
  socket.on("error", console.error);
  socket.on("message", (message, isBinary) => {
    for (const client of server.clients) {
      if (client !== socket && client.path === socket.path && client.readyState === WebSocket.OPEN) {
        client.send(message, { binary: isBinary });
      }
    }
  });
});
