import { contractSuite } from '@portcullis/kernel/testing'
import { describe, it } from 'vitest'
import { strictCors } from '../src/index.ts'

const post = (origin?: string) =>
  ({ method: 'POST', url: '/guarded', headers: origin === undefined ? {} : { origin } }) as const

const bad = (origin: string, ...says: string[]) => ({
  options: { origins: [origin] },
  says: ['strictCors: origins[0]', `'${origin}'`, ...says],
})

describe('contract', () => {
  contractSuite(it, {
    name: 'strictCors',
    plugin: strictCors,
    options: { origins: ['https://app.example.com'] },
    lenient: { origins: ['https://evil.example'] },
    route(scope, { config, handler }) {
      scope.route({
        method: 'POST',
        url: '/guarded',
        config: { ...config },
        handler: handler ?? (() => 'hello'),
      })
    },
    honest: post('https://app.example.com'),
    hostile: [post('https://evil.example')],
    refusal: { statusCode: 403, code: 'ORIGIN_NOT_ALLOWED' },
    event: 'origin.refused',
    invalid: [
      bad('null', '(null)', 'give the page an origin'),
      bad('file:///home', '(scheme)', 'serve them'),
      bad('chrome-extension://abc', '(scheme)', 'https or http'),
      bad('app.example.com', '(scheme)', "'https://app.example.com'"),
      bad('https://bücher.example', '(not-ascii)', "'https://xn--bcher-kva.example'"),
      bad('https://App.example.com', '(upper-case)', "'https://app.example.com'"),
      bad('https://app.example.com/', '(path)', "'https://app.example.com'"),
      bad('https://app.example.com?x', '(path)'),
      bad('https://ada@app.example.com', '(user-information)'),
      bad('https://app.example.com:443', '(default-port)', "'https://app.example.com'"),
      bad('http://app.example.com:80', '(default-port)', "'http://app.example.com'"),
      bad('https://app.example.com:0443', '(port)'),
      bad('https://app.example.com:70000', '(port)'),
      bad('https://app.example.com:', '(port)'),
      bad('https://', '(host)'),
      bad('https://app..example.com', '(host)'),
      bad('https://app.example.com.', '(host)'),
      bad('https://127.1', '(host)', "'https://127.0.0.1'"),
      bad('https://[0:0::1]', '(host)', "'https://[::1]'"),
      bad('https://*', '(wildcard)'),
      bad('https://*example.com', '(wildcard)'),
      bad('https://app.*.com', '(wildcard)'),
      bad('https://*.*.example.com', '(wildcard)'),
      bad('https://*.com', '(public-suffix)', "below 'com'"),
      bad('https://*.co.uk', '(public-suffix)'),
      bad('https://*.github.io', '(public-suffix)'),
      bad('https://*.localhost', '(public-suffix)'),
      bad('https://*.127.0.0.1', '(address)'),
      { options: { origins: ['*', 'https://app.example.com'] }, says: ['origins[0]', 'list the origins'] },
      { options: { origins: true }, says: ['strictCors.origins', 'never true'] },
      { options: { origins: 'https://a.example.com' }, says: ['strictCors.origins', 'a list'] },
      { options: { origins: [/example\.com$/] }, says: ['strictCors.origins', 'regular expression'] },
      { options: { origins: ['*'], credentials: true }, says: ['credentials', 'List the origins'] },
      {
        options: { origins: ['http://app.example.com'], credentials: true },
        says: ['credentials', "'https://app.example.com'"],
      },
      { options: { credentials: true }, says: ['credentials', 'without origins'] },
      { options: { methods: ['get'] }, says: ['methods[0]', "'GET'"] },
      { options: { methods: ['GET', 'TRACE'] }, says: ['methods[1]', 'leave it out'] },
      { options: { methods: ['*'] }, says: ['methods[0]', 'list the methods'] },
      { options: { methods: ['G T'] }, says: ['methods[0]', 'a word'] },
      { options: { methods: [] }, says: ['methods', 'got none'] },
      { options: { allowedHeaders: ['*'] }, says: ['allowedHeaders[0]', 'list the headers'] },
      { options: { allowedHeaders: ['Cookie'] }, says: ['allowedHeaders[0]', 'leave it out'] },
      { options: { allowedHeaders: ['Sec-Fetch-Site'] }, says: ['allowedHeaders[0]', 'leave it out'] },
      {
        options: { allowedHeaders: ['Access-Control-Allow-Origin'] },
        says: ['allowedHeaders[0]', 'answers'],
      },
      { options: { allowedHeaders: ['X-A: b'] }, says: ['allowedHeaders[0]', 'a word'] },
      { options: { exposedHeaders: ['Set-Cookie'] }, says: ['exposedHeaders[0]', 'no script'] },
      { options: { exposedHeaders: ['*'] }, says: ['exposedHeaders[0]', 'list the headers'] },
      { options: { maxAge: 3600 }, says: ['maxAge', "'3600s'"] },
      { options: { maxAge: '25h' }, says: ['maxAge', '24 hours'] },
      { options: { maxAge: -1 }, says: ['strictCors.maxAge'] },
      { options: { maxAge: Number.NaN }, says: ['strictCors.maxAge'] },
      { options: { hsts: 1500 }, says: ['hsts', 'whole seconds'] },
      { options: { enforce: 'block' }, says: ['strictCors.enforce', "'headers' or 'reject'"] },
      { options: { mode: 'observe' }, says: ['strictCors.mode', "'enforce' or 'measure'"] },
      { options: { origin: [] }, says: ['strictCors.origin', "'origins'"] },
    ],
  })
})
