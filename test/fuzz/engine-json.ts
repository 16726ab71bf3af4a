import { deepStrictEqual } from 'node:assert';
import { isUtf8 } from 'node:buffer';
import { createCollectionSplitter } from '../../src/inventory/collection-stream.js';
import { EngineFailure } from '../../src/inventory/engine-failure.js';
import { MAX_NAME_LENGTH, MAX_VALUE_LENGTH, parseHost, parseVm } from '../../src/inventory/engine-json.js';
import { isJsonObject } from '../../src/lib/json.js';
import { engineHost, engineVm } from '../inventory/engine-world.js';
import type { FuzzTarget } from './target.js';

const body = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Lists of the oVirt engine: what is taken of one is what JSON.parse has in it, wherever its chunks end, and within the limits. */
export const engineJson: FuzzTarget = {
  seeds: [
    body({ vm: [engineVm(1), engineVm(2, { name: 'ü\\"{[' })] }),
    body({ vm: [engineHost({ memory: '1', summary: { active: '3' } })], other: [{}, [1]] }),
    Buffer.from(`{\r\n "vm" : [ ${JSON.stringify(engineVm(3))} , null ] }`),
    body({ vm: [], a: { vm: [{}] } }),
    body({}),
  ],
  run(bytes, { below }) {
    const objects: unknown[] = [];
    const splitter = createCollectionSplitter({
      key: 'vm',
      visit: (object) => objects.push(object),
      oversized: () => undefined,
    });
    try {
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + below(bytes.length);
        splitter.write(bytes.subarray(at, end));
        at = end;
      }
      splitter.end();
    } catch (error) {
      if (!(error instanceof EngineFailure)) throw error;
      const isRefusedAsBroken = /was cut|is not JSON|bracket/.test(error.message);
      if (isRefusedAsBroken && isJson(bytes)) throw new Error('JSON that is refused', { cause: error });
      return 'refused';
    }
    const whole: unknown = JSON.parse(bytes.toString('utf8'));
    const list: unknown = isJsonObject(whole) ? whole['vm'] : undefined;
    deepStrictEqual(objects, Array.isArray(list) ? list.filter(isJsonObject) : []);
    return objects.some(isTaken) ? 'taken' : 'empty';
  },
};

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return isUtf8(bytes);
  } catch {
    return false;
  }
}

/** Reports whether an object is a host or a VM. Throws for one whose texts or numbers are beyond the limits. */
function isTaken(object: unknown): boolean {
  const records = [parseHost(object).record, parseVm(object).record].filter((record) => record !== undefined);
  for (const record of records) {
    if (record.name.length > MAX_NAME_LENGTH) throw new Error('a name that is too long');
    JSON.stringify(record, (_, value: unknown) => {
      if (typeof value === 'string' && value.length > MAX_VALUE_LENGTH)
        throw new Error('a text that is too long');
      if (typeof value === 'number' && !(value >= 0 && Number.isFinite(value)))
        throw new Error(`number ${value}`);
      return value;
    });
  }
  return records.length > 0;
}
