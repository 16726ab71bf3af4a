import { expect } from 'chai';
import { CLIENT_BODIES } from './client-bodies.js';
import { readText } from './reading.js';

describe('bodies as clients send them', () => {
  for (const { name, body, method, params } of CLIENT_BODIES) {
    it(`reads ${name}`, () => {
      expect(readText(body)).to.deep.equal({ method, params });
    });
  }
});
