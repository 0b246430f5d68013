import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { PartitionKeys } from '../core/partition-key.ts'
import { addressOf } from './partition.ts'

/** Addresses whose key is kept in memory. */
const MOST = 10_000

/** Names the partitions of clients by their address alone. */
export interface AddressKeys {
  /** The key of a request's address. */
  keyOf(request: FastifyRequest): string
}

/** The keys of addresses, found by the address as Fastify gives it: most clients come again. */
export function addressKeys(keys: PartitionKeys, ipv6Subnet: number): AddressKeys {
  const known = new LRUCache<string, string>({ max: MOST })
  return {
    keyOf(request) {
      const ip = request.ip ?? ''
      let key = known.get(ip)
      if (key === undefined) {
        key = keys.keyOf(addressOf(request, ipv6Subnet))
        known.set(ip, key)
      }
      return key
    },
  }
}
