// One GraphQL schema by two protocols: graphql-ws at /graphql, graphql-sse at /graphql/stream. What
// is posted to /publish/CHANNEL is what `news` gives to whoever subscribes to that channel.
const { EventEmitter, on } = require("node:events");
const { createServer } = require("node:http");
const { text } = require("node:stream/consumers");
const { GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } = require("graphql");
const { createHandler } = require("graphql-sse/lib/use/http");
const { useServer } = require("graphql-ws/use/ws");
const { WebSocketServer } = require("ws");

const channels = new EventEmitter().setMaxListeners(0);
const news = {
  type: GraphQLString,
  args: { channel: { type: new GraphQLNonNull(GraphQLString) } },
  async *subscribe(_, { channel }) {
    for await (const [news] of on(channels, channel)) yield { news };
  },
};
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: "Query", fields: { hello: { type: GraphQLString } } }),
  subscription: new GraphQLObjectType({ name: "Subscription", fields: { news } }),
});

const stream = createHandler({ schema });
const server = createServer(async (request, response) => {
  const [, action, channel] = request.url.split("/");
  if (action !== "publish") return stream(request, response);
  channels.emit(channel, await text(request));
  response.writeHead(204).end();
});
useServer({ schema }, new WebSocketServer({ server, path: "/graphql" }));

server.listen(Number(process.argv[2]), "127.0.0.1");
