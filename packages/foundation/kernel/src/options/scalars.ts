import * as v from 'valibot'

/** A whole number from `minimum` to `maximum`, both included. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): v.GenericSchema<number> {
  const expects =
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`
  return v.pipe(
    v.number(expects),
    v.check((value) => Number.isSafeInteger(value) && value >= minimum && value <= maximum, expects),
  )
}

/** A finite number of at least `minimum`. */
export function finite(minimum: number): v.GenericSchema<number> {
  const expects = `a finite number of at least ${minimum}`
  return v.pipe(
    v.number(expects),
    v.check((value) => Number.isFinite(value) && value >= minimum, expects),
  )
}

/** `true` or `false`. */
export function flag(): v.GenericSchema<boolean> {
  return v.boolean('true or false')
}

/** One of the given words. */
export function oneOf<const Words extends readonly string[]>(
  ...words: Words
): v.GenericSchema<Words[number]> {
  return v.picklist(words, words.map((word) => `'${word}'`).join(' or '))
}

/** A string that is not empty. */
export function text(expects = 'a string that is not empty'): v.GenericSchema<string> {
  return v.pipe(v.string(expects), v.minLength(1, expects))
}

/** A function. `expects` is its signature, as the reader of an error message should see it. */
export function callback<Fn>(expects: string): v.GenericSchema<Fn> {
  return v.custom<Fn>((value) => typeof value === 'function', `a function ${expects}`)
}

/** Whatever `accepts` says yes to: an object that some function made, for example. */
export function custom<Value>(accepts: (value: unknown) => boolean, expects: string): v.GenericSchema<Value> {
  return v.custom<Value>(accepts, expects)
}

/** Either of two things. */
export function either<A, AOut, B, BOut>(
  a: v.GenericSchema<A, AOut>,
  b: v.GenericSchema<B, BOut>,
  expects: string,
): v.GenericSchema<A | B, AOut | BOut> {
  return v.union([a, b], expects)
}

/** Names that a library may leave out of a copy, so that they would be lost without a word. */
const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Whether something is an object as one writes it in code or JSON: no array, map, date or instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function hasSafeNames(value: object): boolean {
  return !Reflect.ownKeys(value).some((name) => UNSAFE_NAMES.has(String(name)))
}

/** An object whose members are all of one kind, under any names. */
export function record<Input, Output>(
  value: v.GenericSchema<Input, Output>,
  expects: string,
): v.GenericSchema<Readonly<Record<string, Input>>, Readonly<Record<string, Output>>> {
  return v.pipe(
    v.custom<Record<string, Input>>(isPlainObject, expects),
    v.check<Record<string, Input>, string>(hasSafeNames, `names other than ${[...UNSAFE_NAMES].join(', ')}`),
    v.record(v.string(), value, expects),
  )
}

type Members<Entries extends v.ObjectEntries> = v.StrictObjectSchema<Entries, string>

/** An object with the given members and no others; optional ones are wrapped in `v.optional`. */
export function members<const Entries extends v.ObjectEntries>(
  entries: Entries,
  expects = 'a plain object',
): v.GenericSchema<v.InferInput<Members<Entries>>, v.InferOutput<Members<Entries>>> {
  const shape: Members<Entries> = v.strictObject(entries, expects)
  return v.pipe(v.custom<v.InferInput<Members<Entries>>>(isPlainObject, expects), shape)
}

/** Said by a gate that only reports, or by one that refuses. */
export type Mode = 'enforce' | 'measure'

/** Schema of {@link Mode}. */
export const mode: v.GenericSchema<Mode> = oneOf('enforce', 'measure')
