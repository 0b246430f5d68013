import { defineGate } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { useGraphql } from './graphql/use-graphql.ts'
import { inputValidationOptions } from './options.ts'
import type { InputValidationOptions, ResolvedInputValidationOptions } from './options.ts'
import { NAME } from './refusal.ts'
import { decideInput } from './rest/decide-input.ts'

async function register(
  app: FastifyInstance,
  options: Readonly<ResolvedInputValidationOptions>,
): Promise<void> {
  const { isServer, isServerRoute } = await useGraphql(app, options)
  decideInput(app, isServer, isServerRoute)
}

/**
 * Takes no input but what schemas say: nothing is coerced or dropped, all issues are told at once, for REST and for the
 * arguments of GraphQL.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA,
 * PORTCULLIS_INPUT_VALIDATION_INVALID_RULE
 */
export const inputValidation: FastifyPluginAsync<InputValidationOptions> = defineGate<
  InputValidationOptions,
  ResolvedInputValidationOptions
>({ name: NAME, package: '@portcullis/input-validation', options: inputValidationOptions, register })
