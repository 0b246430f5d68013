export type { KeyInput } from '@portcullis/transparency-log'
export type { Change } from './core/diff.ts'
export type {
  Actor,
  AuditRecord,
  QueryTally,
  RecordedFacts,
  RecordInput,
  RequestFacts,
  Target,
} from './core/record.ts'
export type { Recordable } from './core/recordable.ts'
export type { Fault, FaultKind } from './core/scan.ts'
export type { Audit } from './decorators.ts'
export * from './errors.ts'
export { auditLoggerOptions as options } from './options.ts'
export type { AuditLevel, AuditLoggerOptions, AuditRouteOptions, Delivery, OnSinkFailure } from './options.ts'
export { auditLogger, auditLogger as default } from './plugin.ts'
export type { ChangeFacts, ChangeWork, EventFacts, IntendedChange, RequestAudit } from './request-audit.ts'
export type { Receipt } from './trail/file-sink.ts'
export { readTrail } from './trail/read-trail.ts'
export { verify } from './trail/verify.ts'
export type { VerifyOptions, VerifyReport } from './trail/verify.ts'
export type { Principal } from './types.ts'
