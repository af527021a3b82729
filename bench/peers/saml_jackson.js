// @boxyhq/saml-jackson's directory sync on PostgreSQL behind Node's own HTTP server, filled through itself before it serves.
// PEER_PEOPLE names the file with the people, PEER_IDS the one into which the ids go, PORT where it listens.
const fs = require("node:fs");
const http = require("node:http");
const { controllers } = require("@boxyhq/saml-jackson");

const BASE = "/scim/v2/";

function slices(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, place) => list.slice(place * size, (place + 1) * size));
}

async function start() {
  const { directorySyncController: sync } = await controllers({
    externalUrl: "http://127.0.0.1",
    samlPath: "/saml",
    noAnalytics: true,
    logger: { info() {}, warn: console.warn, error: console.error },
    db: { engine: "sql", type: "postgres", url: process.env.DATABASE_URL, pageLimit: 100 },
    dsync: { callback: async () => {} },
  });
  const { data: directory, error } = await sync.directories.create({
    tenant: "bench",
    product: "bench",
    type: "azure-scim-v2",
    name: "bench",
  });
  if (error) throw new Error(error.message);
  const apiSecret = directory.scim.secret;

  const ask = (method, resourceType, resourceId, query, body) =>
    sync.requests.handle({ method, body, directoryId: directory.id, resourceType, resourceId, apiSecret, query });
  const create = async (resourceType, body) => (await ask("POST", resourceType, undefined, {}, body)).data.id;

  const { people, groups } = JSON.parse(fs.readFileSync(process.env.PEER_PEOPLE));
  const users = [];
  for (const some of slices(people, 20)) {
    users.push(...(await Promise.all(some.map((body) => create("users", body)))));
  }
  const made = {};
  for (const [name, members] of Object.entries(groups)) {
    made[name] = await create("groups", { displayName: name });
    const parts = slices(members, 250).map((some) => some.map((number) => ({ value: users[number] })));
    const add = (value) => ({ Operations: [{ op: "add", path: "members", value }] });
    await Promise.all(parts.map((value) => ask("PATCH", "groups", made[name], {}, add(value))));
  }
  fs.writeFileSync(process.env.PEER_IDS, JSON.stringify({ users, groups: made, key: apiSecret }));

  http.createServer(async (request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    const [resourceType, resourceId] = url.pathname.slice(BASE.length).split("/");
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = parts.length ? JSON.parse(Buffer.concat(parts)) : undefined;
    const number = (name) => (url.searchParams.has(name) ? Number(url.searchParams.get(name)) : undefined);
    const query = {
      count: number("count"),
      startIndex: number("startIndex"),
      filter: url.searchParams.get("filter") ?? undefined,
    };
    const sent = request.headers.authorization?.replace("Bearer ", "");
    let answer;
    try {
      answer = await sync.requests.handle({
        method: request.method, body, directoryId: directory.id,
        resourceType: resourceType.toLowerCase(), resourceId, apiSecret: sent, query,
      });
    } catch (problem) {
      answer = { status: 500, data: { detail: String(problem) } };
    }
    const content = JSON.stringify(answer.data ?? {});
    response.writeHead(answer.status, {
      "Content-Type": "application/scim+json",
      "Content-Length": Buffer.byteLength(content),
    });
    response.end(content);
  }).listen(Number(process.env.PORT), "127.0.0.1");
}

start().catch((problem) => {
  console.error(problem);
  process.exit(1);
});
