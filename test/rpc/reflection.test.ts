import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { expect } from 'chai';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FileDescriptorProto } from 'protobufjs/ext/descriptor/index.js';
import { z } from 'zod';
import { createLoopback } from './loopback.js';

const require = createRequire(import.meta.url);
const protoFolder = join(dirname(require.resolve('@grpc/reflection')), '../proto/grpc/reflection');

const answerSchema = z.object({
  list_services_response: z.object({ service: z.array(z.object({ name: z.string() })) }).nullish(),
  file_descriptor_response: z.object({ file_descriptor_proto: z.array(z.instanceof(Buffer)) }).nullish(),
  error_response: z.object({ error_message: z.string() }).nullish(),
});

const fileSchema = z.object({
  name: z.string(),
  dependency: z.array(z.string()).default([]),
  service: z
    .array(z.object({ name: z.string(), method: z.array(z.object({ name: z.string() })) }))
    .default([]),
  messageType: z
    .array(
      z.object({
        name: z.string(),
        field: z
          .array(
            z.object({
              name: z.string(),
              typeName: z.string().optional(),
              proto3Optional: z.boolean().optional(),
            }),
          )
          .default([]),
        nestedType: z
          .array(
            z.object({ name: z.string(), options: z.object({ mapEntry: z.boolean() }).partial().optional() }),
          )
          .default([]),
      }),
    )
    .default([]),
});

for (const version of ['v1', 'v1alpha']) {
  describe(`reflection ${version}`, () => {
    const loopback = createLoopback();
    afterEach(() => loopback.close());
    const definitions = loadSync(join(protoFolder, version, 'reflection.proto'), {
      keepCase: true,
      oneofs: true,
    });
    const service = definitions[`grpc.reflection.${version}.ServerReflection`];

    async function ask(request: object) {
      const server = await loopback.serve();
      const client = new Client(server.address, credentials.createInsecure());
      loopback.onClose(() => client.close());
      const { path, requestSerialize, responseDeserialize } = methodOf(service);
      const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, {
        deadline: Date.now() + 5000,
      });
      stream.write(request);
      stream.end();
      const answers: unknown[] = [];
      for await (const answer of stream) answers.push(answer);
      expect(answers.length).to.equal(1);
      return answerSchema.parse(answers[0]);
    }

    async function files(symbol: string) {
      const { file_descriptor_response } = await ask({ file_containing_symbol: symbol });
      const bytes = file_descriptor_response?.file_descriptor_proto ?? [];
      return bytes.map((file) =>
        fileSchema.parse(FileDescriptorProto.toObject(FileDescriptorProto.decode(file))),
      );
    }

    it('lists the services', async () => {
      const { list_services_response } = await ask({ list_services: '*' });
      const names = list_services_response?.service.map(({ name }) => name);
      expect(names).to.have.members([
        'grpc.health.v1.Health',
        'hostscore.v1.DecisionService',
        'hostscore.v1.InventoryService',
        'hostscore.v1.PolicyUnitService',
      ]);
    });

    it('describes PolicyUnitService, with what it imports', async () => {
      const [contract, ...imports] = await files('hostscore.v1.PolicyUnitService');
      expect(contract?.service[0]?.method.map(({ name }) => name)).to.deep.equal([
        'ListPolicyUnits',
        'ScoreHosts',
        'StreamScoreHosts',
        'FilterHosts',
        'BalanceHosts',
      ]);
      expect(imports.map(({ name }) => name)).to.deep.equal(['google/protobuf/timestamp.proto']);
    });

    it('describes InventoryService, with what it imports', async () => {
      const [contract, ...imports] = await files('hostscore.v1.InventoryService');
      expect(contract?.service[0]?.method.map(({ name }) => name)).to.deep.equal([
        'ListHosts',
        'ListVms',
        'GetInventory',
        'Reserve',
        'Release',
        'ListReservations',
        'Watch',
      ]);
      expect(imports.map(({ name }) => name)).to.have.members([
        'google/protobuf/duration.proto',
        'google/protobuf/timestamp.proto',
      ]);
    });

    it('describes DecisionService, with what it imports', async () => {
      const [contract, ...imports] = await files('hostscore.v1.DecisionService');
      expect(contract?.service[0]?.method.map(({ name }) => name)).to.deep.equal([
        'ListDecisions',
        'GetDecision',
        'WatchDecisions',
        'ExplainDecision',
        'ReportAgreement',
        'ReportShadows',
      ]);
      expect(imports.map(({ name }) => name)).to.have.members([
        'google/protobuf/duration.proto',
        'google/protobuf/timestamp.proto',
        'hostscore/v1/policy_unit_service.proto',
      ]);
    });

    it('names the entry type of a map as protoc does', async () => {
      const [contract] = await files('hostscore.v1.ScoreHostsRequest');
      const message = contract?.messageType.find(({ name }) => name === 'ScoreHostsRequest');
      expect(message?.field.find(({ name }) => name === 'properties')?.typeName).to.equal(
        '.hostscore.v1.ScoreHostsRequest.PropertiesEntry',
      );
      expect(message?.nestedType).to.deep.equal([{ name: 'PropertiesEntry', options: { mapEntry: true } }]);
    });

    it('keeps explicit presence', async () => {
      const [contract] = await files('hostscore.v1.HostScore');
      const message = contract?.messageType.find(({ name }) => name === 'HostScore');
      expect(
        message?.field.filter(({ proto3Optional }) => proto3Optional).map(({ name }) => name),
      ).to.deep.equal(['score', 'host_name']);
    });

    it('describes Health', async () => {
      const [health] = await files('grpc.health.v1.Health');
      expect(health?.service[0]?.method.map(({ name }) => name)).to.include.members(['Check', 'Watch']);
    });

    it('says what it does not know', async () => {
      const { error_response } = await ask({ file_containing_symbol: 'a.b.C' });
      expect(error_response?.error_message).to.equal('Symbol not found: a.b.C');
    });
  });
}

function methodOf(service: unknown): MethodDefinition<object, object> {
  const methods = z
    .object({
      ServerReflectionInfo: z.custom<MethodDefinition<object, object>>((value) => value instanceof Object),
    })
    .parse(service);
  return methods.ServerReflectionInfo;
}
