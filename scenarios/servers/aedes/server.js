// Aedes: an MQTT broker, in binary WebSocket messages.
const { createServer } = require("node:http");
const { createWebSocketStream, WebSocketServer } = require("ws");
const { Aedes } = require("aedes");

Aedes.createBroker().then((broker) => {
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => "mqtt" });
  sockets.on("connection", (socket, request) => {
    broker.handle(createWebSocketStream(socket), request);
  });
  server.listen(Number(process.argv[2]), "127.0.0.1");
});
