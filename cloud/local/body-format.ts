import { serialization } from './aws-error.js';
import { CBOR_CONTENT, encodeCbor, parseCbor } from './cbor.js';
import { EncodedJson, isJsonObject, type JsonObject, type JsonService, type Reply } from './json-service.js';

/** How the documents of one request and its answer are written: as JSON, or as the CBOR that means the same. */
export interface BodyFormat {
  contentType: string;
  /** Raises SerializationException. */
  parse(body: Buffer): JsonObject;
  /** An answer's bytes in pieces, from JSON in pieces. */
  encode(json: readonly Uint8Array[]): readonly Uint8Array[];
}

/** The service's own JSON unless the client speaks CBOR, and the service does. */
export function formatOf(service: JsonService | undefined, contentType: string | undefined): BodyFormat {
  const members = service?.cbor;
  if (members !== undefined && contentType === CBOR_CONTENT) {
    return {
      contentType: CBOR_CONTENT,
      parse: parseCbor,
      encode: (json) => [encodeCbor(JSON.parse(Buffer.concat(json).toString('utf8')), members)],
    };
  }
  return {
    contentType: service?.contentType ?? 'application/x-amz-json-1.1',
    parse: parseJson,
    encode: (json) => json,
  };
}

/** The answer of an operation as JSON in pieces; none for an operation without a result. */
export function jsonOf(reply: Reply): readonly Uint8Array[] {
  if (reply === undefined) return [];
  return reply instanceof EncodedJson ? reply.chunks : [Buffer.from(JSON.stringify(reply))];
}

function parseJson(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw serialization('The body is not JSON.');
  }
  if (!isJsonObject(value)) throw serialization('Start of structure or map found where not expected.');
  return value;
}
