import type { GraphQLOperation } from '@portcullis/graphql-gate'
import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  valueFromASTUntyped,
} from 'graphql'
import type {
  FieldNode,
  GraphQLInputType,
  GraphQLNamedType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql'
import { Collector } from '../core/collect.ts'
import { inspect } from '../core/inspect.ts'
import type { Issue } from '../core/issue.ts'
import { boundsOf } from '../core/profile.ts'
import { findingsOf } from '../core/standard-schema.ts'
import type { ResolvedInputValidationOptions } from '../options.ts'
import type { CompiledRule, Rules } from './rules.ts'

type Options = Readonly<ResolvedInputValidationOptions>
type Variables = Readonly<Record<string, unknown>>
type Path = readonly (string | number)[]

/**
 * What a client gives as a value of a type, as JSON: a single one is a list of one, and numbers are ids, as GraphQL reads
 * them.
 */
function asGiven(value: unknown, type: GraphQLInputType): unknown {
  const nullable = getNullableType(type)
  if (value === null || value === undefined) return value
  if (isListType(nullable)) {
    return (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => asGiven(one, nullable.ofType))
  }
  return getNamedType(nullable).name === 'ID' && typeof value === 'number' ? String(value) : value
}

/** What is wrong with the arguments of one operation. */
class ArgumentCheck {
  readonly #rules: Rules
  readonly #collector: Collector
  readonly #options: Options
  readonly #variables: Variables
  /** What was looked at already: a variable may be given in many places, and is the same in each. */
  readonly #seen = new Set<string>()
  readonly waits: Promise<void>[] = []

  constructor(rules: Rules, collector: Collector, options: Options, variables: Variables) {
    this.#rules = rules
    this.#collector = collector
    this.#options = options
    this.#variables = variables
  }

  inspect(value: unknown, path: Path): boolean {
    const { findings } = inspect(value, boundsOf(this.#options), true, this.#options.maxIssues)
    for (const finding of findings)
      this.#collector.add('', { ...finding, path: [...path, ...finding.path] }, this.#rules.names)
    return findings.length === 0
  }

  argument(coordinate: string, type: GraphQLInputType, node: ValueNode, path: Path): void {
    // Literals of the document; variables were looked at by themselves.
    if (node.kind !== Kind.VARIABLE && !this.inspect(valueFromASTUntyped(node), path)) return
    this.#node(coordinate, type, node, path)
  }

  #node(coordinate: string, type: GraphQLInputType, node: ValueNode, path: Path): void {
    if (node.kind === Kind.VARIABLE) {
      const { value: name } = node.name
      const key = `${name} ${coordinate} ${String(type)}`
      if (!Object.hasOwn(this.#variables, name) || this.#seen.has(key)) return
      this.#seen.add(key)
      return this.#value(coordinate, type, this.#variables[name], path)
    }
    this.#rule(coordinate, type, () => valueFromASTUntyped(node, this.#variables), path)
    this.#within(type, node, path)
  }

  /** What is within a literal. */
  #within(type: GraphQLInputType, node: ValueNode, path: Path): void {
    const nullable = getNullableType(type)
    if (isListType(nullable)) {
      if (node.kind !== Kind.LIST) this.#inner(nullable.ofType, node, path)
      else node.values.forEach((one, index) => this.#inner(nullable.ofType, one, [...path, index]))
    } else if (isInputObjectType(nullable) && node.kind === Kind.OBJECT) {
      const fields = nullable.getFields()
      for (const { name, value } of node.fields) {
        const field = Object.hasOwn(fields, name.value) ? fields[name.value] : undefined
        if (field !== undefined)
          this.#node(`${nullable.name}.${field.name}`, field.type, value, [...path, field.name])
      }
    }
  }

  #inner(type: GraphQLInputType, node: ValueNode, path: Path): void {
    if (node.kind !== Kind.VARIABLE) return this.#within(type, node, path)
    const { value: name } = node.name
    const key = `${name} ${String(type)}`
    if (!Object.hasOwn(this.#variables, name) || this.#seen.has(key)) return
    this.#seen.add(key)
    this.#withinValue(type, this.#variables[name], path)
  }

  #value(coordinate: string, type: GraphQLInputType, value: unknown, path: Path): void {
    this.#rule(coordinate, type, () => value, path)
    this.#withinValue(type, value, path)
  }

  /** What is within a value of a variable. */
  #withinValue(type: GraphQLInputType, value: unknown, path: Path): void {
    const nullable = getNullableType(type)
    if (typeof value !== 'object' || value === null) return
    if (isListType(nullable)) {
      if (!Array.isArray(value)) this.#withinValue(nullable.ofType, value, path)
      else value.forEach((one, index) => this.#withinValue(nullable.ofType, one, [...path, index]))
    } else if (isInputObjectType(nullable)) {
      const fields = nullable.getFields()
      for (const name of Object.keys(value)) {
        const field = Object.hasOwn(fields, name) ? fields[name] : undefined
        if (field === undefined) continue
        const inner = (value as Record<string, unknown>)[name]
        this.#value(`${nullable.name}.${name}`, field.type, inner, [...path, name])
      }
    }
  }

  #rule(coordinate: string, type: GraphQLInputType, read: () => unknown, path: Path): void {
    const rule = this.#rules.byCoordinate.get(coordinate)
    if (rule === undefined) return
    const value = asGiven(read(), type)
    // Whether it may be missing or null is the schema's to say.
    if (value === undefined || value === null) return
    this.#apply(rule, value, path)
  }

  #apply({ json, standard }: CompiledRule, value: unknown, path: Path): void {
    const names =
      json === undefined || json.names.size === 0
        ? this.#rules.names
        : new Set([...this.#rules.names, ...json.names])
    const tell = (found: readonly { path: Path; code: string; format?: string }[]): void => {
      for (const one of found) this.#collector.add('', { ...one, path: [...path, ...one.path] }, names)
    }
    if (json !== undefined) return tell(json.check(value) ?? [])
    const result = standard?.['~standard'].validate(value)
    if (result === undefined) return
    if (result instanceof Promise)
      this.waits.push(result.then(({ issues }) => tell(issues === undefined ? [] : findingsOf(issues))))
    else if (result.issues !== undefined) tell(findingsOf(result.issues))
  }
}

/** Every field of an operation with the type it is of, through fragments, each once. Linear in the document. */
function* fieldsOf(
  operation: OperationDefinitionNode,
  fragments: GraphQLOperation['fragments'],
  schema: GraphQLSchema,
): Generator<readonly [FieldNode, GraphQLNamedType]> {
  const root = schema.getRootType(operation.operation)
  if (root === undefined || root === null) return
  const entered = new Set<string>()
  const sets: [SelectionSetNode, GraphQLNamedType][] = [[operation.selectionSet, root]]
  // A list that grows while it is read: selections may be nested deeply.
  for (const [{ selections }, type] of sets) {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        yield [selection, type]
        const field = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}
        const { value: name } = selection.name
        if (selection.selectionSet !== undefined && Object.hasOwn(field, name) && field[name] !== undefined)
          sets.push([selection.selectionSet, getNamedType(field[name].type)])
        continue
      }
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD
      const fragment = isSpread ? fragments.get(selection.name.value) : selection
      if (fragment === undefined || (isSpread && entered.has(selection.name.value))) continue
      if (isSpread) entered.add(selection.name.value)
      const condition = fragment.typeCondition?.name.value
      const on = condition === undefined ? type : schema.getType(condition)
      if (on !== undefined && on !== null) sets.push([fragment.selectionSet, on])
    }
  }
}

/** The variables of an operation with the defaults that the document gives. */
function variablesOf({ variables }: GraphQLOperation, operation: OperationDefinitionNode): Variables {
  const given: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const { value: name } = variable.name
    if (Object.hasOwn(variables, name)) given[name] = variables[name]
    else if (defaultValue !== undefined) given[name] = valueFromASTUntyped(defaultValue)
  }
  return given
}

/**
 * Finds what is wrong with the arguments and input fields of operations, before any resolver runs.
 *
 * @returns all issues of all operations
 */
export async function checkArguments(
  operations: readonly GraphQLOperation[],
  schema: GraphQLSchema,
  rules: Rules,
  options: Options,
): Promise<readonly Issue[]> {
  const collector = new Collector(options.maxIssues, options.messages)
  for (const operation of operations) {
    for (const candidate of operation.candidates) {
      const variables = variablesOf(operation, candidate)
      const check = new ArgumentCheck(rules, collector, options, variables)
      if (!check.inspect(variables, [])) continue
      for (const [node, type] of fieldsOf(candidate, operation.fragments, schema)) {
        if (node.arguments === undefined || node.arguments.length === 0) continue
        const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}
        const field = Object.hasOwn(fields, node.name.value) ? fields[node.name.value] : undefined
        for (const { name, value } of node.arguments) {
          const argument = field?.args.find((one) => one.name === name.value)
          if (field === undefined || argument === undefined) continue
          const coordinate = `${type.name}.${field.name}.${argument.name}`
          check.argument(coordinate, argument.type, value, [field.name, argument.name])
        }
      }
      await Promise.all(check.waits)
    }
  }
  return collector.issues
}
