// A STOMP broker at /stomp.
const { createServer } = require("node:http");
const StompServer = require("stomp-broker-js");

const server = createServer();
new StompServer({ server, path: "/stomp" });
server.listen(Number(process.argv[2]), "127.0.0.1");
