// A service as many are: whoever has the token asks for the items behind a cursor. It makes items by
// itself, one every so many milliseconds in each feed that somebody asked for, or takes those posted.
const express = require("express");

const [, , port, every] = process.argv;
const token = process.env.TOKEN ?? "secret";
const feeds = new Map();

function feed(name) {
  if (!feeds.has(name)) feeds.set(name, []);
  return feeds.get(name);
}

function add(items, text) {
  items.push({ id: items.length + 1, at: Date.now(), text });
}

const app = express();
app.use((request, response, next) => {
  if (request.get("Authorization") === `Bearer ${token}`) return next();
  response.status(401).json({ error: "expected a bearer token" });
});
app.get("/feeds/:feed/items", (request, response) => {
  const items = feed(request.params.feed);
  const after = Number(request.query.after ?? 0);
  response.json({ items: items.slice(after), cursor: items.length });
});
app.post("/feeds/:feed/items", express.text({ type: "*/*", limit: "1mb" }), (request, response) => {
  add(feed(request.params.feed), request.body);
  response.sendStatus(204);
});

if (every) {
  setInterval(() => feeds.forEach((items) => add(items, "something new")), Number(every));
}
app.listen(Number(port), "127.0.0.1");
