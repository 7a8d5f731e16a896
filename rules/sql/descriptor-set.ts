/** A FileDescriptorSet (what `protoc --descriptor_set_out` writes) that decodes messages to JSON. */

import descriptor from 'protobufjs/ext/descriptor.js';
import protojson from 'protobufjs/ext/protojson.js';
import protobuf from 'protobufjs/light.js';
import { evaluationError } from './errors.js';
import { MAX_TEXT, readJson } from './json.js';
import { PROTO_JSON_IS_CANONICAL } from './unsettled.js';
import type { Value } from './values.js';

/** iot-sql §4. */
const MAX_SET_BYTES = 32 * 1024;

export class DescriptorSet {
  readonly #root: protobuf.Root;
  /** Package by name of the file, without folder and `.proto`. */
  readonly #packages: ReadonlyMap<string, string>;

  /** The same bytes, kept by the look-up, are read once. */
  static readonly #known = new WeakMap<Uint8Array, DescriptorSet>();

  /** @throws PitwallError `PW-RULE-EVALUATION` */
  static of(bytes: Uint8Array): DescriptorSet {
    let set = DescriptorSet.#known.get(bytes);
    if (set === undefined) {
      set = new DescriptorSet(bytes);
      DescriptorSet.#known.set(bytes, set);
    }
    return set;
  }

  private constructor(bytes: Uint8Array) {
    if (bytes.length > MAX_SET_BYTES) throw evaluationError(`The FileDescriptorSet has ${bytes.length} bytes.`);
    try {
      const { FileDescriptorSet } = descriptor;
      const set: { file?: descriptor.IFileDescriptorProto[] } = FileDescriptorSet.toObject(
        FileDescriptorSet.decode(bytes),
      );
      this.#packages = new Map(set.file?.map((file) => [baseName(file.name ?? ''), file.package ?? '']));
      this.#root = protobuf.Root.fromDescriptor(bytes, { keepCase: !PROTO_JSON_IS_CANONICAL });
    } catch (cause) {
      throw evaluationError('The object is no FileDescriptorSet.', cause);
    }
  }

  /**
   * A message as JSON.
   *
   * @param file name of the .proto file, with or without its ending
   * @param type name of the message within that file
   * @throws PitwallError `PW-RULE-EVALUATION` when there is no such message or the bytes are none
   */
  decode(file: string, type: string, bytes: Uint8Array): Value {
    const found = this.#packages.get(baseName(file));
    if (found === undefined) throw evaluationError(`The FileDescriptorSet has no file ${file}.`);
    try {
      const message = this.#root.lookupType(found === '' ? `.${type}` : `.${found}.${type}`);
      const text = protojson.toJsonString(message, message.decode(bytes));
      if (text.length > MAX_TEXT) throw new Error(`${text.length} characters of JSON`);
      return readJson(text);
    } catch (cause) {
      throw evaluationError(`The bytes are no ${type} of ${file}.`, cause);
    }
  }
}

function baseName(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.proto$/, '');
}
