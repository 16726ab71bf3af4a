import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { createScoringService } from '../../src/scoring/service.js';
import type { ScoreUnit } from '../../src/scoring/unit.js';
import { call } from '../support/call.js';
import { memoryLog } from '../support/log.js';
import { host, hostId, inventoryOf, snapshotOf, vm, vmId } from '../support/world.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** The file and the code of the first step of "Add a score unit in five steps". */
function exampleOfContributing(): { readonly file: string; readonly code: string } {
  const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const [, section = ''] = page.split('## Add a score unit in five steps');
  const found = /1\. Write `(?<file>[^`]+)`:\n\n {3}```ts\n(?<code>.*?)\n {3}```/su.exec(section)?.groups;
  return { file: join(ROOT, found?.['file'] ?? ''), code: (found?.['code'] ?? '').replaceAll(/^ {3}/gm, '') };
}

/** Returns what the compiler has against a file of this tree that exists only here. */
function complaintsAbout(file: string, code: string): readonly string[] {
  const configFile = join(ROOT, 'tsconfig.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(configFile, (path) => ts.sys.readFile(path)).config,
    ts.sys,
    ROOT,
  );
  const compiler = ts.createCompilerHost(options);
  const program = ts.createProgram([file], options, {
    ...compiler,
    fileExists: (path) => resolve(path) === file || compiler.fileExists(path),
    readFile: (path) => (resolve(path) === file ? code : compiler.readFile(path)),
    getSourceFile: (path, languageVersion, ...rest) =>
      resolve(path) === file
        ? ts.createSourceFile(path, code, languageVersion, true)
        : compiler.getSourceFile(path, languageVersion, ...rest),
  });
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '; '));
}

describe('the score unit that CONTRIBUTING.md has as an example', function () {
  // It is compiled.
  this.timeout(60_000);

  const { file, code } = exampleOfContributing();

  it('compiles where it says that it belongs', () => {
    expect(file).to.equal(join(ROOT, 'src/scoring/units/few-vms.ts'));
    expect(complaintsAbout(file, code)).to.deep.equal([]);
  });

  it('would not without its direction', () => {
    const [complaint] = complaintsAbout(file, code.replace(/^.*direction:.*$/m, ''));
    expect(complaint).to.include("Property 'direction' is missing");
  });

  it('scores as it says: 3 VMs: 100 - 3 = 97, 101 VMs: 0', async () => {
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
    });
    const module: unknown = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
    const { fewVms } = module as { readonly fewVms: ScoreUnit };
    const vms = Array.from({ length: 104 }, (_, n) => vm(n + 1, 'other', { on: n < 3 ? 1 : 2 }));
    const inventory = inventoryOf(snapshotOf([host(1), host(2)], vms));
    const service = createScoringService({ units: [fewVms], inventory, log: memoryLog() });
    const { scores, explanation } = await service.scoreHosts(
      {
        vmId: vmId(1),
        hosts: [1, 2].map(hostId),
        units: [],
        properties: new Map(),
        assumedPlacements: [],
        explain: true,
      },
      call(),
    );
    expect(scores.map(({ score }) => score)).to.deep.equal([97, 0]);
    expect(explanation?.reasons(0)).to.deep.equal([{ unit: 'few_vms', text: '3 VMs run here' }]);
  });
});
