// Faye: Bayeux at /faye, which publishes too.
const { createServer } = require("node:http");
const { NodeAdapter } = require("faye");

const server = createServer();
new NodeAdapter({ mount: "/faye", timeout: 45 }).attach(server);
server.listen(Number(process.argv[2]), "127.0.0.1");
