import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');

/** Names of a log, and of its methods, in a call that writes a line. */
const WRITES = /\blog(?:\.(?:debug|info|warn|error)|\[level\])$/;

/** Files with facts of lines that are made elsewhere than where the line is written. */
const MAKES_FACTS = /\b(?:LogFields|LogLine|AnsweredCall|MethodOutcome|Announcement)\b/;

/** Returns the names of the fields of all lines that the code can log, as the compiler knows their types. */
function loggedFields(): ReadonlySet<string> {
  const { config } = z
    .object({ config: z.unknown() })
    .parse(ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), (file) => ts.sys.readFile(file)));
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  // The format adds them to each line.
  const fields = new Set(['level', 'message', 'timestamp']);

  function add(type: ts.Type): void {
    if (type.isUnion()) type.types.forEach(add);
    else if (checker.isArrayType(type)) return;
    else if (type.getCallSignatures().length > 0)
      for (const signature of type.getCallSignatures()) add(signature.getReturnType());
    else for (const { name } of type.getProperties()) fields.add(name);
  }

  const isOfFacts = (type: ts.Type) =>
    type.getProperties().length === 0 &&
    checker.getIndexInfosOfType(type).some(({ type: { flags } }) => (flags & ts.TypeFlags.Unknown) !== 0);

  const isMade = (node: ts.Expression | undefined) =>
    node !== undefined && (ts.isObjectLiteralExpression(node) || ts.isArrowFunction(node));

  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || !file.fileName.startsWith(join(ROOT, 'src'))) continue;
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && WRITES.test(node.expression.getText())) {
        const [, facts] = node.arguments;
        if (facts !== undefined) add(checker.getTypeAtLocation(facts));
      }
      if (ts.isVariableDeclaration(node) && isMade(node.initializer)) {
        const name = node.name.getText();
        if (name === 'facts' || (name === 'fields' && MAKES_FACTS.test(file.text)))
          add(checker.getTypeAtLocation(node));
      }
      if (ts.isObjectLiteralExpression(node) && MAKES_FACTS.test(file.text)) {
        const wanted = checker.getContextualType(node);
        if (wanted !== undefined && isOfFacts(wanted)) add(checker.getTypeAtLocation(node));
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return fields;
}

describe('fields of the log', () => {
  it('are all documented, and all that are documented are logged', () => {
    const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
    const [, section = ''] = /^### Fields of a line\n([^]*?)^##/m.exec(page) ?? [];
    const rows = [...section.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].map(([, names = '']) => names);
    const documented = rows.flatMap((names) => names.match(/\w+/g) ?? []);
    expect(documented).to.have.length(new Set(documented).size);
    expect(documented.sort()).to.deep.equal([...loggedFields()].sort());
  });
});
