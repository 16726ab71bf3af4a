import { expect } from 'chai';
import { CLIENT_BODIES } from './client-bodies.js';
import { readCall } from './reading.js';

describe('bodies as clients send them', () => {
  for (const { name, body, method, params } of CLIENT_BODIES) {
    it(`reads ${name}`, () => {
      expect(readCall(body)).to.deep.equal({ method, params });
    });
  }
});
