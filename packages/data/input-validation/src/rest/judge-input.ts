import type { FastifyRequest } from 'fastify'
import { NO_SCHEMA, readText } from '../core/canonical-text.ts'
import { Collector } from '../core/collect.ts'
import { countNames, findDuplicateNames } from '../core/duplicate-names.ts'
import { inspect } from '../core/inspect.ts'
import type { Issue } from '../core/issue.ts'
import { boundsOf } from '../core/profile.ts'
import { findingsOf } from '../core/standard-schema.ts'
import type { ResolvedInputValidationOptions } from '../options.ts'
import { takeJsonText } from './json-text.ts'
import { PARTS } from './route-plan.ts'
import type { Part, PartPlan, RoutePlan } from './route-plan.ts'

/** What is said of the input of a request: nothing, that its body cannot be judged, or what is wrong with it. */
export type Judgement = undefined | 'unsupported' | readonly Issue[]

type Options = Readonly<ResolvedInputValidationOptions>

const FORM = 'application/x-www-form-urlencoded'

function mediaTypeOf({ headers }: FastifyRequest): string | undefined {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
}

/** One judgement of a request. */
class Judge {
  readonly collector: Collector
  unsupported = false
  readonly #request: FastifyRequest
  readonly #plan: RoutePlan
  readonly #options: Options

  constructor(request: FastifyRequest, plan: RoutePlan, options: Options) {
    this.#request = request
    this.#plan = plan
    this.#options = options
    this.collector = new Collector(options.maxIssues, options.messages)
  }

  /** What the text and the values are, whatever schemas say. @returns the parts that may be looked at further */
  inspectAll(): Part[] {
    const { body, query, params } = this.#request
    const parts: Part[] = ['headers']
    if (this.#inspectBody(body)) parts.push('body')
    if (this.#inspect('query', query)) parts.push('query')
    if (this.#inspect('params', params)) parts.push('params')
    return PARTS.filter((part) => parts.includes(part))
  }

  #inspect(part: Part, value: unknown, texts = true): number | undefined {
    const { maxIssues } = this.#options
    const { names, findings } = inspect(value, boundsOf(this.#options), texts, maxIssues)
    for (const finding of findings) this.collector.add(`/${part}`, finding, this.#plan.names)
    return findings.length === 0 ? names + 1 : undefined
  }

  #inspectBody(body: unknown): boolean {
    if (body === undefined || body === null) return true
    const text = takeJsonText(this.#request)
    const names = this.#inspect('body', body, text === undefined || text.includes('\\u'))
    if (names === undefined) return false
    if (text === undefined || this.#options.allow.includes('duplicateKeys')) return true
    // Parsed into something else than members, or by something else than JSON.
    if (typeof body !== 'object' || countNames(text) === names - 1) return true
    const found = findDuplicateNames(text, this.#options.maxIssues)
    // The text that was sent is not what was parsed: compressed, encrypted, rewritten. It cannot be judged.
    if (found.length === 0) this.unsupported = true
    for (const path of found) this.collector.add('/body', { path, code: 'DUPLICATE_KEY' }, this.#plan.names)
    return false
  }

  /** The plan of a part, or of the body's media type; none where nothing has to be said. */
  #planOf(part: Part): PartPlan | undefined {
    const { parts, bodies } = this.#plan
    if (part !== 'body' || bodies === undefined) return parts.get(part)
    const type = mediaTypeOf(this.#request)
    const found = type === undefined ? undefined : bodies.get(type)
    if (found === undefined && type !== undefined) this.unsupported = true
    if (type === undefined) this.collector.add('/body', { path: [], code: 'REQUIRED' }, this.#plan.names)
    return found
  }

  /** Judges one part by its schema, and replaces it by what the schema makes of it. */
  judge(part: Part): Promise<void> | undefined {
    const given: unknown = this.#request[part]
    // A plugin may put it there later, as those for uploads do: it is judged then.
    if (part === 'body' && given === undefined && mediaTypeOf(this.#request) !== undefined) return undefined
    const plan = this.#planOf(part)
    const isText = part !== 'body' || mediaTypeOf(this.#request) === FORM
    const value = isText && given !== undefined ? this.#read(part, given, plan) : given
    if (plan === undefined) return undefined
    if (plan.standard !== undefined) return this.#judgeStandard(part, plan.standard, value)
    const findings = plan.json?.check(value ?? null)
    if (findings === undefined) {
      if (value !== given) this.#replace(part, value)
      return undefined
    }
    if (given === undefined || given === null)
      this.collector.add(`/${part}`, { path: [], code: 'REQUIRED' }, this.#plan.names)
    else for (const finding of findings) this.collector.add(`/${part}`, finding, this.#plan.names)
    return undefined
  }

  #read(part: Part, given: unknown, plan: PartPlan | undefined): unknown {
    if (part === 'headers' && plan === undefined) return given
    const mayRepeat = this.#options.allow.includes('duplicateKeys') || part === 'headers'
    return readText(given, plan?.text ?? NO_SCHEMA, (path) => {
      // A Standard Schema says itself whether it takes an array.
      if (mayRepeat || plan?.standard !== undefined) return
      this.collector.add(`/${part}`, { path, code: 'DUPLICATE_KEY' }, this.#plan.names)
    })
  }

  #replace(part: Part, value: unknown): void {
    if (this.#options.mode === 'measure') return
    ;(this.#request as unknown as Record<string, unknown>)[part] = value
  }

  async #judgeStandard(part: Part, schema: NonNullable<PartPlan['standard']>, value: unknown): Promise<void> {
    const result = await schema['~standard'].validate(value)
    if (result.issues === undefined) return this.#replace(part, result.value)
    for (const finding of findingsOf(result.issues)) this.collector.add(`/${part}`, finding, 'all')
  }
}

/** Judges everything that a request brings: all parts, all issues at once. Values that pass are read as their schemas say. */
export function judgeInput(
  request: FastifyRequest,
  plan: RoutePlan,
  options: Options,
): Judgement | Promise<Judgement> {
  const judge = new Judge(request, plan, options)
  let waits: Promise<void>[] | undefined
  for (const part of judge.inspectAll()) {
    const wait = judge.judge(part)
    if (wait !== undefined) (waits ??= []).push(wait)
  }
  const conclude = (): Judgement =>
    judge.unsupported ? 'unsupported' : judge.collector.isEmpty ? undefined : judge.collector.issues
  return waits === undefined ? conclude() : Promise.all(waits).then(conclude)
}
