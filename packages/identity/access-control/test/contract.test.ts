import { identifyBy } from '@portcullis/kernel'
import { contractSuite } from '@portcullis/kernel/testing'
import { describe, it } from 'vitest'
import { accessControl } from '../src/index.ts'

const roles = { clerk: ['orders:read'], guest: ['orders:list'] }

describe('contract', () => {
  contractSuite(it, {
    name: 'access',
    plugin: accessControl,
    options: { permission: 'orders:read', roles },
    lenient: { authenticated: true },
    route(scope, { config, handler = () => 'ok' }) {
      identifyBy(scope, ({ headers }) => ({ id: 'ada', roles: [String(headers['x-role'])] }))
      scope.get('/guarded', { config: { ...config } }, handler)
    },
    honest: { method: 'GET', url: '/guarded', headers: { 'x-role': 'clerk' } },
    hostile: [{ method: 'GET', url: '/guarded', headers: { 'x-role': 'guest' } }],
    refusal: { statusCode: 403, code: 'FORBIDDEN' },
    event: 'authz.denied',
    invalid: [
      { options: { permission: 'orders' }, says: ['access: permission', "'orders'", 'resource:action'] },
      { options: { permission: 'Orders:read' }, says: ["'Orders:read'", 'lower-case'] },
      {
        options: { permission: 'orders:read:selv', roles, scopes: { self: () => true } },
        says: ["'selv'", "'self'"],
      },
      { options: { role: 'clrk', roles }, says: ['access: role', "'clrk'", "'clerk'"] },
      { options: { role: [] }, says: ['access.role', 'a list of which one is needed'] },
      {
        options: { permission: 'orders:read', public: 'why not' },
        says: ['permission and public', 'keep one'],
      },
      { options: { public: 'a health check', maxAge: '5m' }, says: ['public', 'maxAge', 'remove'] },
      { options: { maxAge: '5m' }, says: ['maxAge', 'authenticated: true'] },
      { options: { role: 'clerk', narrows: true }, says: ['narrows', 'give permission'] },
      { options: { permission: 'a:b', narrows: true, resource: () => 1 }, says: ['keep one'] },
      { options: { authenticated: false }, says: ['access.authenticated', 'true'] },
      { options: { roles: { a: ['orders:read', 'orders:read'] } }, says: ['roles.a.allow', 'twice'] },
      {
        options: { roles: { a: { allow: ['a:b'], deny: ['a:b'] } } },
        says: ['roles.a', 'allowed and denied'],
      },
      { options: { roles: { a: { deny: ['admin:all'] } } }, says: ['roles.a.deny', "'admin:all'"] },
      {
        options: { roles: { a: ['admin:all:self'] }, scopes: { self: () => true } },
        says: ['admin:all', 'no scope'],
      },
      { options: { roles: { a: ['orders:read:self'] } }, says: ['roles.a.allow', 'scopes.self'] },
      {
        options: { roles: { a: { inherits: ['b'] }, b: { inherits: ['a'] } } },
        says: ['in a circle', 'a → b → a'],
      },
      {
        options: { roles: { user: [], boss: { inherits: ['usr'] } } },
        says: ['roles.boss.inherits', "'user'"],
      },
      { options: { roles: { 'a b': [] } }, says: ["'a b'", 'no name of a role'] },
      { options: { roles: { a: { alow: ['a:b'] } } }, says: ['access.roles.a.alow', "'allow'"] },
      { options: { scopes: { Self: () => true } }, says: ['scopes.Self'] },
      { options: { scopes: { self: true } }, says: ['access.scopes.self', '(request, resource)'] },
      { options: { onDenied: 'hide' }, says: ['access.onDenied', "'hide'"] },
      { options: { graphql: { 'User.a.b': 'a:b' } }, says: ["graphql['User.a.b']", 'coordinate'] },
      {
        options: { graphql: { 'User.a': { onDenied: 'null' } } },
        says: ["graphql['User.a']", 'one of permission'],
      },
    ],
  })
})
