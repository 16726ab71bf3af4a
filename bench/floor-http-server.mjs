// The floor of the bridge: a node:http server that reads the request and sends the same bytes each time.
// Usage: node bench/floor-http-server.mjs FILE
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const answer = readFileSync(process.argv[2]);
const headers = { 'Content-Type': 'text/xml', 'Content-Length': answer.length };
const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, headers).end(answer));
});
server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port} now`));
process.on('SIGTERM', () => process.exit(0));
