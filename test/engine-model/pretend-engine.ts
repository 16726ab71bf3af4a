import type { XmlRpcValue } from '../../src/engine-model/value.js';

/**
 * The engine's reading of answers, line by line after ExternalSchedulerBrokerObjectBuilder and the rules that its callers
 * rely on. Written on its own: it shares nothing with what it checks. Each function throws where Java would, or where the
 * engine would go on with something that nobody meant.
 */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const check = (holds: boolean, rule: string): void => {
  if (!holds) throw new Error(rule);
};

const isArray = (value: XmlRpcValue | undefined): value is readonly XmlRpcValue[] => Array.isArray(value);

const array = (value: XmlRpcValue | undefined, what: string): readonly XmlRpcValue[] => {
  if (!isArray(value)) throw new Error(`${what}: no Object[]`);
  return value;
};

const string = (value: XmlRpcValue | undefined, what: string): string => {
  if (typeof value !== 'string') throw new Error(`${what}: no String`);
  return value;
};

const int = (value: XmlRpcValue | undefined, what: string): number => {
  if (typeof value !== 'number' || (value | 0) !== value || Object.is(value, -0))
    throw new Error(`${what}: no Integer`);
  return value;
};

const host = (value: XmlRpcValue | undefined, asked: readonly string[]): string => {
  const id = string(value, 'host');
  check(UUID.test(id), `host ${id}: no UUID`);
  check(asked.includes(id), `host ${id}: not asked about in this very text`);
  return id;
};

const line = (value: XmlRpcValue | undefined): void => {
  const text = string(value, 'message');
  check(text.length > 0 && text.length <= 500, 'message: empty or over 500 characters');
  // eslint-disable-next-line no-control-regex -- that there is none is what is checked
  check(!/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text), 'message: not on one line');
};

/** The parts that every answer has. Returns the result, and the units that have an error. */
function common(answer: XmlRpcValue): {
  readonly result: XmlRpcValue | undefined;
  readonly failed: readonly string[];
} {
  if (!(answer instanceof Map)) throw new Error('no HashMap');
  const struct: ReadonlyMap<string, XmlRpcValue> = answer;
  check([...struct.keys()].sort().join() === 'errors,plugin_errors,result,result_code', 'members');
  const code = int(struct.get('result_code'), 'result_code');
  const pluginErrors = struct.get('plugin_errors');
  if (!(pluginErrors instanceof Map)) throw new Error('plugin_errors: no HashMap');
  const errors: ReadonlyMap<string, XmlRpcValue> = pluginErrors;
  for (const [unit, messages] of errors) {
    check(array(messages, unit).length > 0, 'no message');
    array(messages, unit).forEach(line);
  }
  array(struct.get('errors'), 'errors').forEach(line);
  const told = errors.size + array(struct.get('errors'), 'errors').length;
  check(code === (told > 0 ? 1 : 0), 'result_code does not go with the errors');
  return { result: struct.get('result'), failed: [...errors.keys()] };
}

/** The hosts that are left, in the engine's text. */
export function filtered(answer: XmlRpcValue, asked: readonly string[]): readonly string[] {
  const ids = array(common(answer).result, 'result').map((id) => host(id, asked));
  check(new Set(ids).size === ids.length, 'a host twice');
  return ids;
}

/** Costs by unit, then by host; each answering unit has every host once, and each other one has an error. */
export function booked(
  answer: XmlRpcValue,
  asked: readonly string[],
  units: readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const { result, failed } = common(answer);
  const byUnit = new Map<string, Map<string, number>>();
  for (const row of array(result, 'result')) {
    const [id, cost, unit, ...more] = array(row, 'row');
    check(more.length === 0, 'a row of more than three');
    const name = string(unit, 'unit');
    check(units.includes(name), `unit ${name}: not asked for`);
    const costs = byUnit.get(name) ?? new Map<string, number>();
    byUnit.set(name, costs);
    check(!costs.has(host(id, asked)), 'a host twice');
    costs.set(host(id, asked), int(cost, 'cost'));
  }
  for (const unit of units) {
    check(byUnit.has(unit) !== failed.includes(unit), `unit ${unit}: both rows and an error, or neither`);
    check(!byUnit.has(unit) || byUnit.get(unit)?.size === asked.length, `unit ${unit}: a host is missing`);
  }
  return byUnit;
}

/** Sums by host: all hosts or none. */
export function summed(answer: XmlRpcValue, asked: readonly string[]): ReadonlyMap<string, number> {
  const rows = array(common(answer).result, 'result').map((row) => array(row, 'row'));
  const sums = new Map(rows.map(([id, sum]) => [host(id, asked), int(sum, 'sum')]));
  check(rows.every(({ length }) => length === 2) && sums.size === rows.length, 'rows');
  check(sums.size === 0 || sums.size === asked.length, 'a host is missing');
  return sums;
}

/** The migration, or nothing. */
export function balanced(answer: XmlRpcValue, asked: readonly string[]): readonly string[] {
  const [vm, candidates, ...more] = array(common(answer).result, 'result');
  check(more.length === 0, 'more than two elements');
  const ids = array(candidates, 'candidates').map((id) => host(id, asked));
  if (string(vm, 'vm') === '') check(ids.length === 0, 'hosts without a VM');
  else check(UUID.test(string(vm, 'vm')) && ids.length > 0, 'a VM that is no UUID or has no host');
  return ids;
}
