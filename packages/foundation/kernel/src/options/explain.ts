import type { BaseIssue, GenericSchema } from 'valibot'
import { isPlainObject } from './scalars.ts'
import { nearestName } from './suggest.ts'

const LONGEST_SHOWN = 40

type Issue = BaseIssue<unknown>

/** What is known of the options while their issues are told. */
export interface ExplainContext {
  readonly gate: string
  readonly schema: GenericSchema
  /** Top-level options whose values must never be printed. */
  readonly secrets: ReadonlySet<string>
}

/** A value as an error message may show it: its kind, and the value itself only where it is short and no secret. */
function show(value: unknown, hidden: boolean): string {
  if (value === null || value === undefined) return String(value)
  if (hidden) return `a ${typeof value} (not shown)`
  if (typeof value === 'string') {
    return value.length <= LONGEST_SHOWN ? `'${value}' (string)` : `a string of ${value.length} characters`
  }
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return `${String(value)} (${typeof value})`
  }
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'function') return 'a function'
  return isPlainObject(value) ? 'an object' : `an instance of ${value.constructor?.name ?? 'no class'}`
}

/** The parts of a valibot schema through which a path can be followed. */
interface Shape {
  readonly entries?: Record<string, Shape>
  readonly value?: Shape
  readonly item?: Shape
  readonly wrapped?: Shape
  readonly options?: readonly Shape[]
  readonly pipe?: readonly Shape[]
}

function isContainer(shape: Shape): boolean {
  return shape.entries !== undefined || shape.value !== undefined || shape.item !== undefined
}

/** Looks through optional values, pipes and unions for the object or list inside. */
function unwrap(shape: Shape | undefined): Shape | undefined {
  if (shape === undefined || isContainer(shape)) return shape
  for (const part of [shape.wrapped, ...(shape.pipe ?? []), ...(shape.options ?? [])]) {
    if (part === shape) continue
    const inner = unwrap(part)
    if (inner !== undefined && isContainer(inner)) return inner
  }
  return shape
}

/** The names that the object at `path` takes, or none where it takes any. */
function namesAt(schema: GenericSchema, path: readonly string[]): readonly string[] {
  let shape = unwrap(schema as Shape)
  for (const key of path) shape = unwrap(shape?.entries?.[key] ?? shape?.value ?? shape?.item)
  return Object.keys(shape?.entries ?? {})
}

function explain(issue: Issue, context: ExplainContext, parents: readonly string[]): string[] {
  const path = [...parents, ...(issue.path ?? []).map((item) => String(item.key))]
  const nested = issue.issues?.filter((inner) => inner.path !== undefined) ?? []
  if (nested.length > 0) return nested.flatMap((inner) => explain(inner, context, path))

  const where = [context.gate, ...path].join('.')
  const key = path.at(-1) ?? ''
  if (issue.type === 'strict_object' && issue.expected === 'never' && path.length > 0) {
    const names = namesAt(context.schema, path.slice(0, -1))
    const nearest = nearestName(key, names)
    const known = names.length > 0 ? ` It takes: ${names.join(', ')}.` : ''
    return [`${where} is not an option.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`}${known}`]
  }
  if (issue.type === 'strict_object' && path.length > 0 && issue.input === undefined) {
    return [`${where} is missing: it must be given.`]
  }
  const takes = issue.message.startsWith('Invalid ')
    ? `a value of type ${issue.expected ?? 'known'}`
    : issue.message
  return [`${where}: got ${show(issue.input, context.secrets.has(path[0] ?? ''))}, takes ${takes}.`]
}

/** One line for each thing that is wrong, in the order of the options. */
export function explainIssues(issues: readonly Issue[], context: ExplainContext): string {
  return issues.flatMap((issue) => explain(issue, context, [])).join('\n')
}
