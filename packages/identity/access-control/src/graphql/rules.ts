import type { FieldTarget } from '@portcullis/graphql-gate'
import { isInterfaceType, isObjectType, valueFromASTUntyped } from 'graphql'
import type { ConstDirectiveNode, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema } from 'graphql'
import * as v from 'valibot'
import { InvalidPolicyError } from '../errors.ts'
import { FIELD_RULE, ruleComplaint } from '../options.ts'
import type { OnDenied, ResolvedFieldRule } from '../options.ts'
import type { Registration } from '../registration.ts'

/** A rule of one field: of its own, of its type, or of an interface. */
export interface GuardingRule extends ResolvedFieldRule {
  readonly onDenied: OnDenied
}

type Owner = GraphQLObjectType | GraphQLInterfaceType

/** The directives' own names of what a rule says. */
const MEMBERS: Readonly<Record<string, string>> = {
  requires: 'permission',
  role: 'role',
  onDenied: 'onDenied',
  personal: 'personal',
}

function ruleOfDirective(node: ConstDirectiveNode, where: string): ResolvedFieldRule {
  const given: Record<string, unknown> = {}
  for (const { name, value } of node.arguments ?? []) {
    const member = Object.hasOwn(MEMBERS, name.value) ? MEMBERS[name.value] : undefined
    if (member === undefined)
      throw new InvalidPolicyError(
        `@${node.name.value} of ${where} has the argument ${name.value}; it takes ${Object.keys(MEMBERS).join(', ')}.`,
      )
    given[member] = valueFromASTUntyped(value) ?? undefined
  }
  if (given['permission'] === undefined && given['role'] === undefined) given['authenticated'] = true
  const read = v.safeParse(FIELD_RULE, given)
  if (read.success) return read.output
  throw new InvalidPolicyError(
    `@${node.name.value} of ${where}: requires and role take a text, onDenied 'reject', 'null' or 'mask', personal true or false.`,
  )
}

interface Annotated {
  readonly astNode?: { readonly directives?: readonly ConstDirectiveNode[] | undefined } | null | undefined
  readonly extensionASTNodes?: readonly { readonly directives?: readonly ConstDirectiveNode[] | undefined }[]
}

function directivesOf({ astNode, extensionASTNodes = [] }: Annotated, name: string): ConstDirectiveNode[] {
  return [astNode, ...extensionASTNodes]
    .flatMap((node) => node?.directives ?? [])
    .filter((directive) => directive.name.value === name)
}

function rulesAt(registration: Registration, coordinate: string, annotated: Annotated): ResolvedFieldRule[] {
  const { graphql, directive } = registration.options
  const own = Object.hasOwn(graphql, coordinate) ? graphql[coordinate] : undefined
  const said = directivesOf(annotated, directive).map((node) => {
    const rule = ruleOfDirective(node, coordinate)
    const wrong = ruleComplaint(rule, registration.options)
    if (wrong !== undefined) throw new InvalidPolicyError(`@${directive} of ${coordinate} ${wrong}`)
    return rule
  })
  return own === undefined ? said : [own, ...said]
}

const STRICTNESS: readonly OnDenied[] = ['reject', 'null', 'mask']

/**
 * The rules that guard a field: its own and its type's, and those of the same field of every interface of its type and
 * of the interfaces themselves. All of them must allow it, so that no type is a way around what its interface says.
 *
 * @returns the rules, those that answer a denial most strictly first
 * @throws PORTCULLIS_ACCESS_CONTROL_INVALID_POLICY for a rule that cannot be used
 */
export function rulesOf({ type, field }: FieldTarget, registration: Registration): readonly GuardingRule[] {
  const owners: readonly Owner[] = [type, ...type.getInterfaces()]
  const rules = owners.flatMap((owner) => {
    const same = owner.getFields()[field.name]
    return [
      ...rulesAt(registration, owner.name, owner),
      ...(same === undefined ? [] : rulesAt(registration, `${owner.name}.${field.name}`, same)),
    ]
  })
  return rules
    .map((rule): GuardingRule => ({ ...rule, onDenied: rule.onDenied ?? registration.options.onDenied }))
    .sort((a, b) => STRICTNESS.indexOf(a.onDenied) - STRICTNESS.indexOf(b.onDenied))
}

/** The coordinates of a registration's rules that a schema has. */
export function knownIn(schema: GraphQLSchema, coordinates: readonly string[]): readonly string[] {
  return coordinates.filter((coordinate) => {
    const [typeName = '', fieldName] = coordinate.split('.')
    const type = schema.getType(typeName)
    if (!isObjectType(type) && !isInterfaceType(type)) return false
    return fieldName === undefined || type.getFields()[fieldName] !== undefined
  })
}
