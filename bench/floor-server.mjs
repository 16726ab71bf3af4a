// The floor: a grpc-js server of the same proto that answers ScoreHosts with a constant of the size that it is told.
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { join } from 'node:path';

const hosts = Number(process.argv[2]);
const definition = loadSync('hostscore/v1/policy_unit_service.proto', {
  includeDirs: [join(import.meta.dirname, '../proto')],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
  keepCase: true,
});
const id = (n) => `aaaaaaaa-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const scores = Array.from({ length: hosts }, (_, n) => ({ host_id: id(n), score: n % 101 }));
const answer = {
  scores,
  unit_results: [{ unit: 'ksm_same_os_score', scores: { values: scores.map(({ score }) => score) } }],
  unknown_host_ids: [],
  snapshot_time: { seconds: 1_767_323_045, nanos: 678_000_000 },
};

const server = new grpc.Server();
server.addService(definition['hostscore.v1.PolicyUnitService'], {
  ScoreHosts: (_call, callback) => callback(null, answer),
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`listening on 127.0.0.1:${port} now`);
});
process.on('SIGTERM', () => process.exit(0));
