// Prints docs/configuration.md's table from the schema; test/docs.test.ts holds the page against it.
import { configurationTable } from '../test/support/configuration-table.js';

process.stdout.write(configurationTable());
