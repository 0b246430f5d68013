import type { FastifyRequest } from 'fastify'
import { NO_SCHEMA, readText } from '../core/canonical-text.ts'
import { Collector } from '../core/collect.ts'
import type { Told } from '../core/collect.ts'
import { countNames, findDuplicateNames } from '../core/duplicate-names.ts'
import { inspect } from '../core/inspect.ts'
import type { Issue } from '../core/issue.ts'
import { findingsOf } from '../core/standard-schema.ts'
import type { ResolvedInputValidationOptions } from '../options.ts'
import { takeJsonText } from './json-text.ts'
import type { Part, PartPlan, RoutePlan } from './route-plan.ts'

/** What is said of the input of a request: nothing, that its body cannot be judged, or what is wrong with it. */
export type Judgement = undefined | 'unsupported' | readonly Issue[]

type Options = Readonly<ResolvedInputValidationOptions>

const FORM = 'application/x-www-form-urlencoded'

function mediaTypeOf({ headers }: FastifyRequest): string | undefined {
  const type = headers['content-type']
  if (type === undefined) return undefined
  const end = type.indexOf(';')
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase()
}

function isEmpty(value: object): boolean {
  for (const _name in value) return false
  return true
}

/** One judgement of a request. */
class Judge {
  readonly #request: FastifyRequest
  readonly #plan: RoutePlan
  readonly #options: Options
  #collector: Collector | undefined
  #unsupported = false
  #waits: Promise<void>[] | undefined

  constructor(request: FastifyRequest, plan: RoutePlan, options: Options) {
    this.#request = request
    this.#plan = plan
    this.#options = options
  }

  judge(): Judgement | Promise<Judgement> {
    const { params, query, body } = this.#request
    if (this.#mayJudge('params', params)) this.#judgePart('params', params, true)
    if (this.#mayJudgeBody(body)) this.#judgePart('body', body, this.#isForm(body))
    if (this.#mayJudge('query', query)) this.#judgePart('query', query, true)
    if (this.#plan.parts.has('headers')) this.#judgePart('headers', this.#request.headers, true)
    return this.#waits === undefined
      ? this.#conclude()
      : Promise.all(this.#waits).then(() => this.#conclude())
  }

  #conclude(): Judgement {
    return this.#unsupported ? 'unsupported' : this.#collector?.issues
  }

  #tell(part: Part, told: Told, names: ReadonlySet<string> | 'all' = this.#plan.names): void {
    const { maxIssues, messages } = this.#options
    this.#collector ??= new Collector(maxIssues, messages)
    this.#collector.add(`/${part}`, told, names)
  }

  /** What values are, whatever schemas say. @returns the number of member names; none where something is wrong */
  #inspect(part: Part, value: unknown, texts: boolean): number | undefined {
    const { names, findings } = inspect(value, this.#plan.bounds, texts, this.#options.maxIssues)
    for (const finding of findings) this.#tell(part, finding)
    return findings.length === 0 ? names : undefined
  }

  /** Whether text is to be judged by its schema. Nothing is wrong with what is not there, but that it is not. */
  #mayJudge(part: Part, value: unknown): boolean {
    if (typeof value !== 'object' || value === null || isEmpty(value)) return this.#plan.parts.has(part)
    return this.#inspect(part, value, true) !== undefined
  }

  #mayJudgeBody(body: unknown): boolean {
    // A plugin may put it there later, as those for uploads do: it is judged then.
    if (body === undefined) return this.#request.headers['content-type'] === undefined
    if (body === null) return true
    const text = takeJsonText(this.#request)
    const names = this.#inspect('body', body, text === undefined || text.includes('\\u'))
    if (names === undefined) return false
    // Parsed into something else than members, or by something else than JSON.
    if (text === undefined || typeof body !== 'object' || this.#options.allow.includes('duplicateKeys'))
      return true
    if (countNames(text) === names) return true
    const found = findDuplicateNames(text, this.#options.maxIssues)
    // The text that was sent is not what was parsed: compressed, encrypted, rewritten. It cannot be judged.
    if (found.length === 0) this.#unsupported = true
    for (const path of found) this.#tell('body', { path, code: 'DUPLICATE_KEY' })
    return false
  }

  #isForm(body: unknown): boolean {
    return body !== undefined && mediaTypeOf(this.#request) === FORM
  }

  /** The plan of a part, or of the body's media type; none where nothing has to be said. */
  #planOf(part: Part): PartPlan | undefined {
    const { parts, bodies } = this.#plan
    if (part !== 'body' || bodies === undefined) return parts.get(part)
    const type = mediaTypeOf(this.#request)
    const found = type === undefined ? undefined : bodies.get(type)
    if (found === undefined && type !== undefined) this.#unsupported = true
    if (type === undefined) this.#tell('body', { path: [], code: 'REQUIRED' })
    return found
  }

  /** Judges one part by its schema, and replaces it by what the schema makes of it. */
  #judgePart(part: Part, given: unknown, isText: boolean): void {
    const plan = this.#planOf(part)
    const value = isText && given !== undefined ? this.#read(part, given, plan) : given
    if (plan === undefined) return
    if (plan.standard !== undefined) {
      ;(this.#waits ??= []).push(this.#judgeStandard(part, plan.standard, value))
      return
    }
    const findings = plan.json?.check(value ?? null)
    if (findings === undefined) {
      if (value !== given) this.#replace(part, value)
    } else if (given === undefined || given === null) this.#tell(part, { path: [], code: 'REQUIRED' })
    else for (const finding of findings) this.#tell(part, finding)
  }

  #read(part: Part, given: unknown, plan: PartPlan | undefined): unknown {
    return readText(given, plan?.text ?? NO_SCHEMA, (path) => {
      // A Standard Schema says itself whether it takes an array.
      if (part === 'headers' || plan?.standard !== undefined) return
      if (this.#options.allow.includes('duplicateKeys')) return
      this.#tell(part, { path, code: 'DUPLICATE_KEY' })
    })
  }

  #replace(part: Part, value: unknown): void {
    if (this.#options.mode === 'measure') return
    ;(this.#request as unknown as Record<string, unknown>)[part] = value
  }

  async #judgeStandard(part: Part, schema: NonNullable<PartPlan['standard']>, value: unknown): Promise<void> {
    const result = await schema['~standard'].validate(value)
    if (result.issues === undefined) this.#replace(part, result.value)
    else for (const finding of findingsOf(result.issues)) this.#tell(part, finding, 'all')
  }
}

/** Judges everything that a request brings: all parts, all issues at once. Values that pass are read as their schemas say. */
export function judgeInput(
  request: FastifyRequest,
  plan: RoutePlan,
  options: Options,
): Judgement | Promise<Judgement> {
  return new Judge(request, plan, options).judge()
}
