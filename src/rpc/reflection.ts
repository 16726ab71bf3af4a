import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import protobuf from 'protobufjs/minimal.js';
import { descriptorSet } from '../gen/descriptor-set.js';
import { POLICY_UNIT_SERVICE } from './proto.js';

/**
 * Makes the reflection service (v1 and v1alpha) of the contract and of grpc.health.v1.
 *
 * It is fed from a descriptor set, not from proto-loader: protobufjs names the entry type of a map field as no other
 * implementation does, and clients refuse such a schema (fullstorydev/grpcurl#519). ReflectionService reads nothing of a
 * package definition but the file descriptors of its entries, hence the cast of an object that holds only those.
 *
 * The set describes more services than a server serves; the list of services names those that it does.
 */
export function createReflection(): ReflectionService {
  const contract = { fileDescriptorProtos: splitDescriptorSet(descriptorSet) };
  return new ReflectionService({ contract } as unknown as PackageDefinition, {
    services: [POLICY_UNIT_SERVICE, 'grpc.health.v1.Health'],
  });
}

// A FileDescriptorSet is nothing but its files, one field 1 after the other. Taking their bytes as they are keeps what a
// decoder does not know.
function splitDescriptorSet(set: Uint8Array): Buffer[] {
  const reader = protobuf.Reader.create(set);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.uint32();
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
}
