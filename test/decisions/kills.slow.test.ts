import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import ts from 'typescript';
import { openDecisionLog } from '../../src/decisions/log.js';
import { memoryLog } from '../support/log.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const ROOT = resolve(import.meta.dirname, '../..');
const KILLS = 500;

/** Folders that are written at the same time, so that a processor is busy while a process starts. */
const FOLDERS = 4;

const { signal } = new AbortController();

describe('log of decisions, processes that are killed', () => {
  let folder: TemporaryFolder;
  let writer: string;
  before(() => {
    folder = temporaryFolder();
    writer = compile(join(ROOT, 'test/decisions/endless-decisions.ts'), folder.path);
  });
  after(() => folder.remove());

  /** Kills a process that writes a while after its first report. Resolves to the ids that it reported as written. */
  async function killWriter(dir: string, afterMs: number): Promise<readonly string[]> {
    const child = spawn(process.execPath, [writer, dir], {
      env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    const reported = once(child.stdout, 'data');
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(child, 'close');
    await reported;
    await setTimeout(afterMs);
    child.kill('SIGKILL');
    await ended;
    return Buffer.concat(chunks).toString().split('\n').slice(0, -1);
  }

  /** Opens the log, and checks that it has what was reported, and whole decisions only. Resolves to its torn lines. */
  async function check(dir: string, reported: readonly string[]): Promise<number> {
    const log = openDecisionLog({
      ...{ dir, maxBytes: 2 ** 20, maxAgeMs: Infinity, owns: () => true, log: memoryLog() },
    });
    const ids: string[] = [];
    let token: string | undefined;
    do {
      const page = await log.list({}, { size: 100, token }, signal);
      for (const { id, hosts, units } of page.decisions) {
        expect([hosts.length, units.length]).to.deep.equal([100, 1]);
        ids.push(id);
      }
      token = page.nextPageToken;
    } while (token !== undefined && ids.length < reported.length + 200);
    // What was written, but not reported, is newer.
    const newest = ids.indexOf(reported.at(-1) ?? '');
    expect(ids.slice(newest, newest + reported.length)).to.deep.equal(reported.toReversed());
    const { torn } = log.figures();
    expect(log.problems()).to.deep.equal([]);
    await log.close();
    return torn;
  }

  it(`keeps after each of ${KILLS} kills what was written, and opens again`, async function () {
    this.timeout(300_000);
    let torn = 0;
    let written = 0;
    const lanes = Array.from({ length: FOLDERS }, async (_, lane) => {
      const dir = join(folder.path, `decisions-${lane}`);
      for (let kill = lane; kill < KILLS; kill += FOLDERS) {
        const reported = await killWriter(dir, (kill * 7) % 20);
        written += reported.length;
        torn += await check(dir, reported);
      }
      const sizes = readdirSync(dir).map((name) => statSync(join(dir, name)).size);
      expect(sizes.reduce((sum, size) => sum + size)).to.be.lessThan(1.5 * 2 ** 20);
    });
    await Promise.all(lanes);
    console.log(`      ${KILLS} kills, ${written} decisions written, ${torn} lines torn`);
  });
});

/** Compiles a module, and those of ours that it imports, into a folder, since tsx takes longer to start. Returns its path. */
function compile(entry: string, folder: string): string {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const outputOf = (source: string) => join(folder, relative(ROOT, source).replace(/\.ts$/, '.js'));
  const sources = new Set([entry]);
  for (const source of sources) {
    const text = readFileSync(source, 'utf8');
    for (const { fileName } of ts.preProcessFile(text).importedFiles)
      if (fileName.startsWith('.')) sources.add(resolve(dirname(source), fileName.replace(/\.js$/, '.ts')));
    mkdirSync(dirname(outputOf(source)), { recursive: true });
    const compilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    };
    writeFileSync(outputOf(source), ts.transpileModule(text, { compilerOptions }).outputText);
  }
  return outputOf(entry);
}
