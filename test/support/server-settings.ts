import { serverSection, type ServerSettings } from '../../src/config/sections.js';

/** The settings of a gRPC server that takes a free port of the loopback address, and these. */
export function serverSettings(settings: Partial<ServerSettings> = {}): ServerSettings {
  return { ...serverSection.parse({}), listen: { host: '127.0.0.1', port: 0 }, ...settings };
}
