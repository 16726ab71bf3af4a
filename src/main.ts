#!/usr/bin/env node
// Node before 20.19 can't load the rest, and takes this file for a script: no import or export here, nor syntax that is
// younger than Node 10.

/** Oldest Node that runs hostscore: that of `engines` in package.json. */
const OLDEST_NODE = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) {
  void import('./command-line.js');
} else {
  console.error(`hostscore: needs Node ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}`);
  process.exit(1);
}
