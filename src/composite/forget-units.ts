import { SchedulingError } from '../domain/errors.js';
import { writeAtomically } from './atomic-write.js';
import {
  formatCatalogue,
  isForgotten,
  isSameCatalogue,
  NEVER,
  type CatalogueContent,
} from './catalogue-content.js';
import { reasonOf } from './file-failure.js';
import { currentStamp } from './file-stamp.js';
import { unitIdentity } from './offered-units.js';
import { readCatalogueFile } from './read-catalogue.js';

/** What to forget: all units of a service, a unit of one service, or a unit of whatever service. */
export interface ForgetUnitsOptions {
  readonly path: string;
  readonly service?: string;
  /** Its identity, as in `SCORE/ksm_same_os_score`, under the name that its service gives it. */
  readonly unit?: string;
  /** Largest file that is read: bytes. */
  readonly maxBytes?: number;
}

/** A unit that was forgotten. */
export interface ForgottenUnit {
  readonly service: string;
  readonly unit: string;
}

/** How often it gives way in a row to a process that writes the same file. */
const MAX_ATTEMPTS = 5;

/**
 * Takes units out of a catalogue file, also while running processes use it: these notice, and forget them too unless
 * their service offers them still. The entry of a service stays, without units, as what they notice. Rejects with INVALID_ARGUMENT when nothing is named, with NOT_FOUND when
 * nothing matches, and as readCatalogueFile does.
 */
export async function forgetUnits(options: ForgetUnitsOptions): Promise<readonly ForgottenUnit[]> {
  const { path, service, unit, maxBytes } = options;
  if (service === undefined && unit === undefined) {
    throw new SchedulingError('INVALID_ARGUMENT', 'nothing to forget: name a service, a unit, or both');
  }
  if (unit !== undefined && !/^(?:FILTER|SCORE|BALANCE)\/./s.test(unit)) {
    throw new SchedulingError(
      'INVALID_ARGUMENT',
      `unit: expected a type and a name such as SCORE/ksm_same_os_score, got ${JSON.stringify(unit)}`,
    );
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { content, stamp } = await readCatalogueFile(path, maxBytes);
    const { kept, forgotten } = without(content, service, unit);
    if (isSameCatalogue(content, kept)) throw nothingMatches(content, options);
    const written = await writeAtomically(
      path,
      formatCatalogue(kept),
      async () => (await currentStamp(path)) === stamp,
    ).catch((error: unknown) => {
      throw new SchedulingError('UNAVAILABLE', `${path}: can't be written: ${reasonOf(error)}`, {
        cause: error,
      });
    });
    if (written !== undefined) return forgotten;
  }
  throw new SchedulingError('UNAVAILABLE', `${path}: another process writes it all the time; try again`);
}

function without(
  content: CatalogueContent,
  service: string | undefined,
  unit: string | undefined,
): { kept: CatalogueContent; forgotten: readonly ForgottenUnit[] } {
  const forgotten: ForgottenUnit[] = [];
  const kept = [...content].map(([name, remembered]) => {
    const units = remembered.units.filter((candidate) => {
      const identity = unitIdentity(candidate);
      if ((service ?? name) !== name || (unit ?? identity) !== identity) return true;
      forgotten.push({ service: name, unit: identity });
      return false;
    });
    const isWhole = service === name && unit === undefined;
    return [name, isWhole ? { listedAt: NEVER, units } : { ...remembered, units }] as const;
  });
  return { kept: new Map(kept), forgotten };
}

function nothingMatches(
  content: CatalogueContent,
  { path, service, unit }: ForgetUnitsOptions,
): SchedulingError {
  const services = [...content].flatMap(([name, remembered]) => (isForgotten(remembered) ? [] : [name]));
  if (service !== undefined && !services.includes(service)) {
    return new SchedulingError(
      'NOT_FOUND',
      `${path} remembers no service ${JSON.stringify(service)}; it has: ${services.join(', ') || 'none'}`,
    );
  }
  const among = [...content]
    .filter(([name]) => (service ?? name) === name)
    .flatMap(([, { units }]) => units.map(unitIdentity));
  const whose = service === undefined ? '' : ` of ${JSON.stringify(service)}`;
  return new SchedulingError(
    'NOT_FOUND',
    `${path} remembers no unit ${String(unit)}${whose}; it has: ${among.join(', ') || 'none'}`,
  );
}
