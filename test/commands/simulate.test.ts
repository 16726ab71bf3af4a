import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { errorText, startProgram } from '../support/program.js';
import { FREE_PORTS } from '../support/scoring.js';

const RECORDED = fileURLToPath(new URL('../fixtures/recorded/ovirt_lans_refresh_recording', import.meta.url));

describe('simulate', () => {
  const worlds: readonly (readonly [args: readonly string[], hosts: number, vms: number])[] = [
    [[], 12, 200],
    [['--world', 'demo'], 12, 200],
    [['--world', '3x50'], 3, 50],
    [['--world', '3x50:7'], 3, 50],
    [['--world', RECORDED], 2, 5],
  ];
  for (const [args, hosts, vms] of worlds) {
    it(`has ${hosts} hosts and ${vms} VMs for ${JSON.stringify(args).replace(RECORDED, 'a recorded world')}`, async () => {
      const program = startProgram(['simulate', '--listen', '127.0.0.1:0', ...args]);
      const [, url = '', ...counts] = await program.written(
        'stdout',
        /^A pretend engine at (http:\S+): (\d+) hosts, (\d+) VMs/,
      );
      expect(counts.map(Number)).to.deep.equal([hosts, vms]);
      expect((await fetch(`${url}/api`)).status).to.equal(401);
      const [, control = ''] = await program.written('stdout', / at (http:\S+\/simulator) /);
      expect(await (await fetch(`${control}/world`)).json()).to.deep.nested.include({ 'vms.total': vms });
      expect(await (await fetch(`${control}/faults`)).json()).to.deep.equal({});
      expect(errorText(await program.end())).to.equal('');
      expect(program.stderr()).to.equal('');
    });
  }

  it('makes another world of another seed, and the same of the same', async () => {
    const idsOf = async (world: string): Promise<string> => {
      const program = startProgram(['simulate', '--listen', '127.0.0.1:0', '--world', world]);
      const [, control = ''] = await program.written('stdout', / at (http:\S+\/simulator) /);
      const text = await (await fetch(`${control}/world`)).text();
      await program.end();
      return text;
    };
    const [first, second, third] = await Promise.all(['3x50:7', '3x50:7', '3x50:8'].map(idsOf));
    expect(second).to.equal(first);
    expect(third).to.not.equal(first);
  });

  it('prints a line that serve takes as it is', async () => {
    const program = startProgram(['simulate', '--listen', '127.0.0.1:0', '--world', '2x9']);
    const [, name = '', password = '', command = ''] = await program.written(
      'stdout',
      /^ {2}(HOSTSCORE_ENGINE_PASSWORD)=(\S+) hostscore (serve .*)$/m,
    );
    const served = startProgram([...command.split(' '), ...FREE_PORTS], { [name]: password });
    await served.written('stderr', /inventory available hosts=2 vms=9/);
    expect(errorText(await served.end())).to.equal('');
    await program.end();
  });

  it('logs its requests when told so, without queries', async () => {
    const args = ['--listen', '127.0.0.1:0', '--log-level', 'debug', '--log-format', 'json'];
    const program = startProgram(['simulate', ...args]);
    const [, url = ''] = await program.written('stderr', /"url":"([^"]+)"/);
    await fetch(`${url}/api?password=abc`);
    const [line] = await program.written('stderr', /^.*simulator request".*$/m);
    expect(JSON.parse(line)).to.deep.include({ method: 'GET', path: '/ovirt-engine/api', status: 401 });
    expect((await program.end()).stderr).to.not.include('abc');
  });

  it('says in one line that its port is in use', async () => {
    const first = startProgram(['simulate', '--listen', '127.0.0.1:0']);
    const [, address = ''] = await first.written('stdout', /http:\/\/([\d.:]+)/);
    const second = await startProgram(['simulate', '--listen', address]).ended;
    expect(errorText(second)).to.equal(
      `SchedulingError: cannot listen on ${address}: the port is in use; stop what listens there, or choose another port (EADDRINUSE)`,
    );
    await first.end();
  });
});
