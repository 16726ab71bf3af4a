import type { SchedulingErrorCode } from '../../src/domain/errors.js';
import { PYTHON_2_HINT } from '../../src/plugins/plugin-process.js';
import { hostId } from '../support/world.js';
import type { HostPart } from './with-python.js';

export const MIB = 1024 * 1024;

/** One way in which a plugin misbehaves, or answers in a way of its own. */
export interface Vice {
  /** Name of the fixture. */
  readonly vice: string;
  /** The fixture's name with underscores, unless said otherwise. */
  readonly unit?: string;
  /** What the host is told that holds it. */
  readonly held?: HostPart;
  readonly properties?: Readonly<Record<string, string>>;
  readonly outcome: readonly number[] | readonly [SchedulingErrorCode, string | RegExp];
}

const ECHOED = { quote: 'it\'s "so"', newline: 'a\nb', code: "'); import os; os._exit(1) #", ü: '✓' };

/** Every fixture with what becomes of its units. */
export const VICES: readonly Vice[] = [
  {
    vice: 'hangs',
    held: { settings: { maxCallTime: 50 } },
    outcome: ['DEADLINE_EXCEEDED', 'plugin hangs.py: did not end within 50 ms, and was killed'],
  },
  {
    vice: 'hangs',
    unit: 'ignores_signals',
    held: { settings: { maxCallTime: 50 } },
    outcome: ['DEADLINE_EXCEEDED', 'within 50 ms'],
  },
  {
    vice: 'crashes',
    outcome: ['INTERNAL', 'plugin crashes.py: it ended with exit code 1: ValueError: no \'such\' "thing"'],
  },
  { vice: 'segfaults', outcome: ['INTERNAL', 'it was ended by signal 11'] },
  {
    vice: 'eats-memory',
    held: { settings: { maxMemory: 256 * MIB } },
    outcome: ['INTERNAL', 'exit code 1: MemoryError'],
  },
  {
    vice: 'floods-stdout',
    outcome: ['RESOURCE_EXHAUSTED', 'it printed more than 8388608 bytes, and was killed'],
  },
  {
    vice: 'floods-stderr',
    outcome: ['RESOURCE_EXHAUSTED', 'it wrote more than 65536 bytes to stderr, and was killed: ...'],
  },
  { vice: 'reads-stdin', outcome: [0, 0, 0] },
  {
    vice: 'prints-garbage',
    unit: 'garbage',
    outcome: ['INTERNAL', /what it printed is no Python literal: .*"here you are/],
  },
  {
    vice: 'prints-garbage',
    unit: 'two_lines',
    outcome: ['INTERNAL', 'expected nothing after the literal at character 4'],
  },
  {
    vice: 'prints-garbage',
    unit: 'dictionary',
    outcome: ['INTERNAL', `expected (host id, number), got "${hostId(1)}"`],
  },
  { vice: 'prints-garbage', unit: 'bytes_of_no_text', outcome: ['INTERNAL', 'no Python literal'] },
  { vice: 'deep-literal', outcome: ['INTERNAL', 'lists are nested more than 16 deep at character 17'] },
  {
    vice: 'deep-literal',
    unit: 'long_literal',
    outcome: ['INTERNAL', 'expected a number at character 2'],
  },
  { vice: 'prints-to-stderr', outcome: ['INTERNAL', 'it wrote to stderr: engine: connection refused'] },
  {
    vice: 'prints-to-stderr',
    unit: 'long_words',
    outcome: [
      'INTERNAL',
      new RegExp(`^plugin prints_to_stderr.py: it wrote to stderr: \\.\\.\\.x{1992} the end$`),
    ],
  },
  { vice: 'exits-nonzero', outcome: ['INTERNAL', 'it ended with exit code 7'] },
  { vice: 'exits-nonzero', unit: 'exits_zero', outcome: [1, 1, 1] },
  {
    vice: 'kills-its-parent',
    outcome: ['UNAVAILABLE', 'its process was ended by SIGKILL in the middle of the call'],
  },
  {
    vice: 'kills-its-parent',
    unit: 'stops_its_parent',
    held: { settings: { maxCallTime: 50 } },
    outcome: ['DEADLINE_EXCEEDED', 'within 50 ms'],
  },
  {
    vice: 'prints-nothing',
    outcome: ['INTERNAL', 'it printed nothing, expected a list of (host id, number)'],
  },
  { vice: 'prints-on-import', unit: 'prints', outcome: [1, 1, 1] },
  { vice: 'threads', outcome: [6, 6, 6] },
  { vice: 'starts-processes', unit: 'fork', outcome: [9, 9, 9] },
  { vice: 'starts-processes', unit: 'spawn', outcome: [9, 9, 9] },
  { vice: 'starts-processes', unit: 'forkserver', outcome: [9, 9, 9] },
  {
    vice: 'written-for-python2',
    unit: 'dictionaries',
    outcome: ['INTERNAL', `AttributeError: 'dict' object has no attribute 'has_key'${PYTHON_2_HINT}`],
  },
  {
    vice: 'written-for-python2',
    unit: 'names',
    outcome: ['INTERNAL', `NameError: name 'unicode' is not defined${PYTHON_2_HINT}`],
  },
  {
    vice: 'written-for-python2',
    unit: 'prints_into',
    outcome: [
      'INTERNAL',
      /unsupported operand type\(s\) for >>: .*docs\/migrating-from-ovirt-scheduler-proxy\.md/,
    ],
  },
  { vice: 'imports-helper', unit: 'derived', outcome: [5, 5, 5] },
  { vice: 'keeps-state', unit: 'folder', outcome: [1, 1, 1] },
  {
    vice: 'keeps-state',
    unit: 'secrets',
    held: { variables: { ...process.env, HOSTSCORE_ENGINE_PASSWORD: 'letmein' } },
    outcome: [0, 0, 0],
  },
  { vice: 'duplicates', unit: 'twice', outcome: [1, 1, 1] },
  { vice: 'answers', unit: 'floats', outcome: [12, 12, 12] },
  { vice: 'answers', unit: 'tuples', outcome: [-3, -3, -3] },
  { vice: 'answers', unit: 'longs', outcome: [5, 5, 5] },
  { vice: 'answers', unit: 'booleans', outcome: [1, 1, 1] },
  { vice: 'answers', unit: 'upper_case', outcome: [8, 8, 8] },
  { vice: 'answers', unit: 'leaves_out', outcome: [3, 9, 9] },
  {
    vice: 'answers',
    unit: 'leaves_out',
    held: { settings: { scoreUnits: ['leaves_out'] } },
    outcome: [3, 9, 3],
  },
  { vice: 'answers', unit: 'echoes', properties: ECHOED, outcome: [0, 1, 2] },
  { vice: 'answers', unit: 'none', outcome: ['INTERNAL', 'expected a list of (host id, number), got None'] },
  {
    vice: 'answers',
    unit: 'not_a_number',
    outcome: ['INTERNAL', 'expected a number from -2147483648 to 2147483647, got NaN'],
  },
  { vice: 'answers', unit: 'infinite', outcome: ['INTERNAL', 'got -Infinity'] },
  { vice: 'answers', unit: 'too_large', outcome: ['INTERNAL', 'got 2147483648'] },
  {
    vice: 'answers',
    unit: 'makes_up',
    outcome: [1, 1, 1],
  },
  { vice: 'answers', unit: 'doubles', outcome: [3, 3, 3] },
  { vice: 'answers', unit: 'sets', outcome: [7, 7, 7] },
  { vice: 'answers', unit: 'unicode_words', outcome: ['INTERNAL', 'ValueError: Größe 😀 \'of "it"\''] },
];
