import { parseArgs } from 'node:util'
import { RedisUnreachable } from '@portcullis/kernel/redis'
import { RedisBlocks } from './blocks/redis-blocks.ts'
import { endBlock, setBlock } from './blocks/set-block.ts'
import { blockNames } from './blocks/subject.ts'
import type { BlockSubject } from './blocks/subject.ts'
import { InvalidBlock } from './core/failures.ts'
import { partitionKeys } from './core/partition-key.ts'
import { StoreUnavailable } from './stores/failures.ts'

const USAGE = `portcullis-user-rate-limit block <whom> --for <time> --reason <text>
portcullis-user-rate-limit unblock <whom>
portcullis-user-rate-limit list

  <whom> is one of
  --principal <id>     somebody, by id; with --kind (default user) and, in one tenant alone, --tenant
  --tenant <id>        everybody of a tenant
  --address <address>  an IP address; one of IPv6 stands for its subnet
  --operation <name>   a root field, such as Mutation.pay, or a route, such as "POST /payments/:id"

  --for                such as 15m, 1h, 7d
  --reason             for whoever lists the blocks; stored as it is, so nothing personal
  --key-prefix         the gate's keyPrefix (default rate-limit)
  --ipv6-subnet        the gate's ipv6Subnet (default 64)

REDIS_URL and RATE_LIMIT_KEY_SECRET have to be those of the gate; they are taken from the environment, because others can
read the arguments of a command.

Exit code: 0 done, 1 there was no such block, 2 it could not be done.
`

const OPTIONS = {
  principal: { type: 'string' },
  kind: { type: 'string' },
  tenant: { type: 'string' },
  address: { type: 'string' },
  operation: { type: 'string' },
  for: { type: 'string' },
  reason: { type: 'string' },
  'key-prefix': { type: 'string', default: 'rate-limit' },
  'ipv6-subnet': { type: 'string', default: '64' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; args: string[] }>>['values']

/** What is wrong with how the command was called. */
class UsageError extends Error {}

function subjectOf({ principal, kind, tenant, address, operation }: Values): BlockSubject {
  if (kind !== undefined && principal === undefined) throw new UsageError('--kind goes with --principal.')
  if (principal !== undefined) {
    const others = {
      ...(address === undefined ? {} : { address }),
      ...(operation === undefined ? {} : { operation }),
    }
    return { principal: { id: principal, kind, tenantId: tenant }, ...others }
  }
  // What is not given, or given twice, the subject's own check complains of.
  return Object.fromEntries(
    Object.entries({ tenant, address, operation }).filter(([, value]) => value !== undefined),
  ) as BlockSubject
}

/**
 * The command `portcullis-user-rate-limit`.
 *
 * @param args what follows the command's name
 * @param env has REDIS_URL and RATE_LIMIT_KEY_SECRET
 * @param print takes the output
 * @returns the exit code: 0 done, 1 there was no such block, 2 it could not be done
 */
export async function runUserRateLimit(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  print: (text: string) => void,
): Promise<0 | 1 | 2> {
  try {
    return await run(args, env, print)
  } catch (error) {
    const { message } = error as Error
    const isAnswer = error instanceof StoreUnavailable || error instanceof RedisUnreachable
    print(isAnswer ? message : `${message}\n\n${USAGE}`)
    return 2
  }
}

async function run(
  args: readonly string[],
  { REDIS_URL: redis, RATE_LIMIT_KEY_SECRET: secret }: Readonly<Record<string, string | undefined>>,
  print: (text: string) => void,
): Promise<0 | 1> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
  const [command] = positionals
  if (positionals.length !== 1 || !['block', 'unblock', 'list'].includes(command ?? ''))
    throw new UsageError('The command is block, unblock or list.')
  if (redis === undefined || redis === '' || secret === undefined || secret === '')
    throw new UsageError('REDIS_URL and RATE_LIMIT_KEY_SECRET have to be set.')
  const subnet = Number(values['ipv6-subnet'])
  if (!Number.isInteger(subnet) || subnet < 32 || subnet > 128)
    throw new UsageError('--ipv6-subnet takes a whole number from 32 to 128.')
  const keyPrefix = values['key-prefix']
  const blocks = new RedisBlocks({ redis, keyPrefix })
  const limiter = { blocks, blockNames: blockNames(partitionKeys({ secret, prefix: keyPrefix }), subnet) }
  try {
    await blocks.connect()
    if (command === 'list') {
      for (const { kind, name, until, reason } of blocks.list.all())
        print(`${kind}  ${name}  until ${new Date(until).toISOString()}  ${printable(reason)}`)
      return 0
    }
    const subject = subjectOf(values)
    if (command === 'unblock') {
      const was = await endBlock(limiter, subject)
      print(was ? 'The block has ended.' : 'There was no such block.')
      return was ? 0 : 1
    }
    const { for: lifetime, reason } = values
    if (lifetime === undefined || reason === undefined) throw new InvalidBlock('--for and --reason')
    const { kind, until } = await setBlock(limiter, subject, { for: lifetime, reason })
    print(`The ${kind} is blocked until ${new Date(until).toISOString()}.`)
    return 0
  } finally {
    blocks.close()
  }
}

/** A reason as a terminal may show it. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ')
}
