/** Longest name of a unit: the engine keeps names in a varchar(128) (packaging/dbscripts/create_tables.sql). */
export const MAX_UNIT_NAME_LENGTH = 128;

/** Says whether a text may be a unit's name: 1 to 128 characters. */
export function isUnitName(text: string): boolean {
  return text !== '' && text.length <= MAX_UNIT_NAME_LENGTH;
}
