import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import protobuf from 'protobufjs/minimal.js';
import { descriptorSet } from '../gen/descriptor-set.js';
import type { InventoryServiceDefinition } from '../gen/hostscore/v1/InventoryService.js';
import type { PolicyUnitServiceDefinition } from '../gen/hostscore/v1/PolicyUnitService.js';

/** Full name of the service of policy units: its health is asked for under it. */
export const POLICY_UNIT_SERVICE = 'hostscore.v1.PolicyUnitService';

/** Full name of the service of hosts and VMs. */
export const INVENTORY_SERVICE = 'hostscore.v1.InventoryService';

/** A message on its way out: read only, so that lists of the vocabulary are sent without being copied. */
export type Sent<Message> = Message extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : Message extends object
    ? { readonly [Key in keyof Message]: Sent<Message[Key]> }
    : Message;

/** The methods of a generated service definition, by name: how messages are written, and what they are when they are read. */
type Methods<Definition> = {
  readonly [
    Name in keyof Definition as string extends Name ? never : number extends Name ? never : Name
  ]: Definition[Name] extends MethodDefinition<
    infer Request,
    infer Response,
    infer RequestRead,
    infer ResponseRead
  >
    ? MethodDefinition<Sent<Request>, Sent<Response>, RequestRead, ResponseRead>
    : never;
};

// The options are those of scripts/gen.mjs, which writes the types in src/gen for exactly these.
const definitions = loadSync(
  ['hostscore/v1/policy_unit_service.proto', 'hostscore/v1/inventory_service.proto'],
  {
    includeDirs: [fileURLToPath(new URL('../../proto/', import.meta.url))],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
    keepCase: true,
  },
);

/**
 * The methods of PolicyUnitService, loaded from the contract. The loader knows their types only at run time; the cast
 * gives them the generated ones, and CI fails when src/gen is not what the contract generates.
 */
export const policyUnitMethods = definitions[
  POLICY_UNIT_SERVICE
] as unknown as Methods<PolicyUnitServiceDefinition>;

/** The methods of InventoryService, in the same way. */
export const inventoryMethods = definitions[
  INVENTORY_SERVICE
] as unknown as Methods<InventoryServiceDefinition>;

/**
 * Makes the reflection service (v1 and v1alpha) of the contract and of grpc.health.v1.
 *
 * It is fed from a descriptor set, not from proto-loader: protobufjs names the entry type of a map field as no other
 * implementation does, and clients refuse such a schema (fullstorydev/grpcurl#519). ReflectionService reads nothing of a
 * package definition but the file descriptors of its entries, hence the cast of an object that holds only those.
 */
export function createReflection(): ReflectionService {
  const contract = { fileDescriptorProtos: splitDescriptorSet(descriptorSet) };
  return new ReflectionService({ contract } as unknown as PackageDefinition);
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
