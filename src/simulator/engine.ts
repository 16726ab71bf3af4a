import { randomUUID } from 'node:crypto';
import { htmlAnswer, type Answer, type Ask } from './answer.js';
import type { Faults } from './faults.js';
import { createRestApi } from './rest-api.js';
import type { Sessions } from './sessions.js';
import { createSso } from './sso.js';
import type { World } from './world.js';

/** Answers a request below /ovirt-engine, with the oddities of the faults that strike it. */
export type Engine = (ask: Ask, faults: Faults) => Answer;

/** The engine's single sign-on and REST API over a world. */
export function createEngine(world: World, sessions: Sessions, clock: { now(): number }): Engine {
  const sso = createSso(sessions, clock);
  const api = createRestApi(world, sessions);
  return (ask, faults) => {
    if (ask.path === '/sso/oauth/token') return sso.token(ask);
    if (ask.path === '/services/sso-logout') return sso.logout(ask);
    if (ask.path !== '/api' && !ask.path.startsWith('/api/')) return htmlAnswer(404, 'Not Found');
    const answer = api(ask, faults);
    return { ...answer, headers: { 'correlation-id': correlationId(ask), ...answer.headers } };
  };
}

/** The caller's own id as far as its characters are allowed, cut to 36 of them, else a new one. */
function correlationId({ headers, query }: Ask): string {
  const given = String(headers['correlation-id'] ?? query.get('correlation_id') ?? '');
  return given.replace(/[^0-9a-zA-Z_-]/g, '').slice(0, 36) || randomUUID();
}
