import type { RefusalReason } from '../refusal.js';

/** Why a connection ended, in AWS's words (developer guide, lifecycle events). */
export type DisconnectReason =
  | 'API_INITIATED_DISCONNECT'
  | 'AUTH_ERROR'
  | 'CLIENT_ERROR'
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'CONNECTION_LOST'
  | 'CUSTOMAUTH_TTL_EXPIRATION'
  | 'DUPLICATE_CLIENTID'
  | 'FORBIDDEN_ACCESS'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_ERROR'
  | 'SERVER_INITIATED_DISCONNECT'
  | 'THROTTLED'
  | 'WEBSOCKET_TTL_EXPIRATION';

const OF_REFUSAL: Partial<Record<RefusalReason, DisconnectReason>> = {
  certificateStatus: 'AUTH_ERROR',
  connectRate: 'THROTTLED',
  identity: 'AUTH_ERROR',
  notAuthorised: 'AUTH_ERROR',
  retain: 'AUTH_ERROR',
  rulesFailed: 'SERVER_ERROR',
};

/** Of a connection that was closed for what its client did. */
export const reasonOfRefusal = (reason: RefusalReason): DisconnectReason => OF_REFUSAL[reason] ?? 'CLIENT_ERROR';

/** Of a connection that failed: the network's errors have a system call, the parser's have none. */
export const reasonOfError = (error: Error): DisconnectReason =>
  'syscall' in error || 'code' in error ? 'CONNECTION_LOST' : 'CLIENT_ERROR';
