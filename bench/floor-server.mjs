// The floors of ScoreHosts: a grpc-js server that decodes each request with the codec of the contract and sends an answer
// that was made beforehand: as bytes, or as an object that the codec encodes.
// Usage: node bench/floor-server.mjs FILE bytes|object
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const [file, form] = process.argv.slice(2);
const bytes = readFileSync(file);
const definition = loadSync('hostscore/v1/policy_unit_service.proto', {
  includeDirs: [join(import.meta.dirname, '../proto')],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
  keepCase: true,
});
const { ScoreHosts } = definition['hostscore.v1.PolicyUnitService'];
const method = form === 'bytes' ? { ...ScoreHosts, responseSerialize: (answer) => answer } : ScoreHosts;
const answer = form === 'bytes' ? bytes : ScoreHosts.responseDeserialize(bytes);

const server = new grpc.Server();
server.addService({ ScoreHosts: method }, { ScoreHosts: (_call, callback) => callback(null, answer) });
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`listening on 127.0.0.1:${port} now`);
});
process.on('SIGTERM', () => process.exit(0));
