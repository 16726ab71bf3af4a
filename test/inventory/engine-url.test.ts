import { expect } from 'chai';
import { engineUrls } from '../../src/inventory/engine-url.js';

const urlsOf = (url: string, allowPlaintext = false) => engineUrls({ url, allowPlaintext });

describe('engineUrls', () => {
  const root = 'https://engine.example.com/ovirt-engine';
  const spellings = ['', '/', '/ovirt-engine', '/ovirt-engine/', '/ovirt-engine/api', '/ovirt-engine/api/'];
  for (const path of spellings) {
    it(`finds the engine from https://engine.example.com${path}`, () => {
      const urls = urlsOf(`https://engine.example.com${path}`);
      expect(urls.root).to.equal(root);
      expect(urls.api).to.equal(`${root}/api`);
      expect(urls.token).to.equal(`${root}/sso/oauth/token`);
    });
  }

  for (const path of ['/ovirt-engine/api/v4', '/api/v4/']) {
    it(`keeps the version of the API in https://engine.example.com${path}`, () => {
      const urls = urlsOf(`https://engine.example.com${path}`);
      expect(urls.root).to.equal(root);
      expect(urls.api).to.equal(`${root}/api/v4`);
      expect(urls.token).to.equal(`${root}/sso/oauth/token`);
    });
  }

  it('keeps a port and a path of its own', () => {
    expect(urlsOf('https://e:8443/tenant/api').root).to.equal('https://e:8443/tenant');
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /expected https:\/\/HOST\/ovirt-engine, got ""/],
    ['engine.example.com', /expected https/],
    ['ftp://engine/', /expected https/],
    ['https://e/ovirt-engine?max=1', /without \? or #, got "https:\/\/e\/ovirt-engine"/],
    ['https://engine/ovirt-engine/api/v3', /only version 4 of the API is read/],
    ['http://engine/ovirt-engine', /plain http would send the password in clear text/],
    ['https://admin:geheim@engine/', /must not hold user or password/],
    ['ftp://admin:geheim@engine/', /expected https/],
    ['https://admin:geheim@:bad/', /expected https/],
  ];
  for (const [url, message] of refused) {
    it(`refuses ${JSON.stringify(url)} without repeating a password`, () => {
      expect(() => urlsOf(url))
        .to.throw(message)
        .with.property('code', 'INVALID_ARGUMENT');
      expect(() => urlsOf(url)).not.to.throw(/geheim/);
    });
  }

  for (const host of ['localhost:8080', '127.0.0.1', '127.9.9.9:1', '[::1]:8080']) {
    it(`lets plain http to ${host} pass`, () => {
      expect(urlsOf(`http://${host}/`).root).to.equal(`http://${host}/ovirt-engine`);
    });
  }

  it('lets plain http pass anywhere when it is told to', () => {
    expect(urlsOf('http://engine/', true).root).to.equal('http://engine/ovirt-engine');
  });
});
