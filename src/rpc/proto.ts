import { fileURLToPath } from 'node:url';
import type {
  handleBidiStreamingCall,
  MethodDefinition as GrpcMethodDefinition,
  Server,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import protobuf from 'protobufjs/minimal.js';
import { descriptorSet } from '../gen/descriptor-set.js';
import type { DecisionServiceDefinition } from '../gen/hostscore/v1/DecisionService.js';
import type { InventoryServiceDefinition } from '../gen/hostscore/v1/InventoryService.js';
import type { PolicyUnitServiceDefinition } from '../gen/hostscore/v1/PolicyUnitService.js';

/** Full name of PolicyUnitService, as in health checks. */
export const POLICY_UNIT_SERVICE = 'hostscore.v1.PolicyUnitService';

/** Full name of InventoryService. */
export const INVENTORY_SERVICE = 'hostscore.v1.InventoryService';

/** Full name of DecisionService. */
export const DECISION_SERVICE = 'hostscore.v1.DecisionService';

/** A message to send, deeply readonly, so that the domain's lists are sent without a copy. */
export type Sent<Message> = Message extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : Message extends object
    ? { readonly [Key in keyof Message]: Sent<Message[Key]> }
    : Message;

/** The methods of a generated service definition, by name, with the types of their messages. */
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

/** Folder of the contract's files. */
export const CONTRACT_FOLDER = fileURLToPath(new URL('../../proto/', import.meta.url));

/** Files of the contract, in its folder. */
export const CONTRACT_FILES = [
  'hostscore/v1/policy_unit_service.proto',
  'hostscore/v1/inventory_service.proto',
  'hostscore/v1/decision_service.proto',
];

// The options must be those of scripts/gen.mjs, which generates the types in src/gen.
const definitions = loadSync(CONTRACT_FILES, {
  includeDirs: [CONTRACT_FOLDER],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
  keepCase: true,
});

/**
 * The methods of PolicyUnitService, loaded from the contract. The loader has no static types; the cast to the generated
 * ones is safe, since CI fails when src/gen differs from what the contract generates.
 */
export const policyUnitMethods = definitions[
  POLICY_UNIT_SERVICE
] as unknown as Methods<PolicyUnitServiceDefinition>;

/** The methods of InventoryService, loaded in the same way. */
export const inventoryMethods = definitions[
  INVENTORY_SERVICE
] as unknown as Methods<InventoryServiceDefinition>;

/** The methods of DecisionService, loaded in the same way. */
export const decisionMethods = definitions[DECISION_SERVICE] as unknown as Methods<DecisionServiceDefinition>;

/**
 * Adds the reflection service (v1 and v1alpha) of the contract and of grpc.health.v1 to a server. It is made at the first call,
 * since it indexes all descriptors, comments included: a tenth of the time of a start.
 */
export function addReflection(server: Pick<Server, 'addService'>): void {
  const methods = new Map<string, ReflectionMethod>();
  const methodAt = (path: string): ReflectionMethod => {
    if (methods.size === 0) createReflection().addToServer({ addService: note });
    const method = methods.get(path);
    if (method === undefined) throw new Error(`@grpc/reflection serves no ${path}`);
    return method;
  };
  function note(
    service: Readonly<Record<string, ReflectionMethod['definition']>>,
    handlers: UntypedServiceImplementation,
  ): void {
    for (const [name, definition] of Object.entries(service)) {
      // All methods of reflection are streams of both messages.
      const serve = handlers[name] as handleBidiStreamingCall<object, object>;
      methods.set(definition.path, { definition, serve });
    }
  }

  for (const version of ['v1', 'v1alpha']) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const definition: ReflectionMethod['definition'] = {
      ...{ path, requestStream: true, responseStream: true },
      requestSerialize: (message) => methodAt(path).definition.requestSerialize(message),
      requestDeserialize: (bytes) => methodAt(path).definition.requestDeserialize(bytes),
      responseSerialize: (message) => methodAt(path).definition.responseSerialize(message),
      responseDeserialize: (bytes) => methodAt(path).definition.responseDeserialize(bytes),
    };
    const serve: ReflectionMethod['serve'] = (stream) => methodAt(path).serve(stream);
    server.addService({ ServerReflectionInfo: definition }, { ServerReflectionInfo: serve });
  }
}

/** A method of the reflection service, and what answers its calls. */
interface ReflectionMethod {
  readonly definition: GrpcMethodDefinition<object, object>;
  readonly serve: handleBidiStreamingCall<object, object>;
}

/**
 * Uses a descriptor set instead of proto-loader: protobufjs names the entry type of a map field like no other
 * implementation, and clients reject such a schema (fullstorydev/grpcurl#519). ReflectionService reads only the file
 * descriptors of a package definition, hence the cast of an object with only those.
 */
function createReflection(): ReflectionService {
  const contract = { fileDescriptorProtos: splitDescriptorSet(descriptorSet) };
  return new ReflectionService({ contract } as unknown as PackageDefinition);
}

// A FileDescriptorSet is a sequence of files, each a field 1. Keeping their bytes preserves what a decoder does not know.
function splitDescriptorSet(set: Uint8Array): Buffer[] {
  const reader = protobuf.Reader.create(set);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.uint32();
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
}
