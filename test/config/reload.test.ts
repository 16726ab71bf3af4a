import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { loadConfig, settings } from '../../src/config/load.js';
import { reloadConfig } from '../../src/config/reload.js';

/** Another value than the default of each setting that needs a restart. */
const RESTART: Readonly<Record<string, string>> = {
  'bridge.enabled': 'false',
  'bridge.listen': '127.0.0.1:1',
  'bridge.allowPlaintext': 'true',
  'bridge.maxConcurrentRequests': '1',
  'server.listen': '127.0.0.1:1',
  'server.allowPlaintext': 'true',
  'server.tlsCertFile': 'cert',
  'server.tlsKeyFile': 'key',
  'server.tlsClientCaFile': 'ca',
  'server.tokensFile': 'tokens',
  'server.maxHostIds': '1',
  'server.maxMessageSize': '2MiB',
  'server.maxConcurrentCalls': '1',
  'server.maxConnections': '1',
  'server.maxConnectionAge': '1m',
  'state.dir': 'elsewhere',
  'ops.enabled': 'false',
  'ops.listen': '127.0.0.1:1',
  'ops.tls': 'true',
  'ops.allowPlaintext': 'true',
  'log.format': 'json',
  shutdownDelay: '1s',
  shutdownGrace: '1s',
};

const OTHERS: Readonly<Record<string, string>> = {
  'engine.auth': 'basic',
  'inventory.refreshInterval': '31s',
  'balancing.cooldown': '1m',
  'plugins.pollInterval': '3s',
  services: 'a=b:1',
  policies: '{p: {scores: {u: 1}}}',
  'composite.breakerFailures': '2',
  'bridge.rows': 'summed',
  'bridge.scores': 'raw',
  'bridge.budget': '2s',
  'bridge.maxHostIds': '7',
  'log.level': 'debug',
};

const load = (flags: Readonly<Record<string, string>>) => loadConfig({ variables: {}, flags });
const running = load({});

describe('the configuration of a process that runs', () => {
  it(`takes over all of another one but for ${Object.keys(RESTART).length} settings, which it names`, () => {
    const { config, restart } = reloadConfig(running, load({ ...RESTART, ...OTHERS }));
    expect([...restart].sort()).to.deep.equal(Object.keys(RESTART).sort());
    expect(config).to.deep.equal(load(OTHERS));
  });

  it('names nothing when nothing of that kind was changed', () => {
    expect(reloadConfig(running, load(OTHERS)).restart).to.deep.equal([]);
  });

  it('is documented', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const [, text = ''] = /## What a reload changes\n([^]*?)\n## /.exec(page) ?? [];
    const named = new Set(text.match(/(?<=`)[\w.]+(?=`)/g));
    const documented = settings.filter(({ path }) => named.has(path) || named.has(path.replace(/\..*/, '')));
    expect(documented.map(({ path }) => path).sort()).to.deep.equal(Object.keys(RESTART).sort());
  });
});
