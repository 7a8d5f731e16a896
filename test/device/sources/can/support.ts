import { CandumpReader } from '#device/sources/can/candump.js';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { CanDecoder, type CanDecoderOptions } from '#device/sources/can/decoder.js';
import type { CanFrame } from '#device/sources/can/frame.js';

/** Frames of a log's text, each a copy. */
export function framesOf(text: string): CanFrame[] {
  const reader = new CandumpReader();
  reader.feed(Buffer.from(text));
  const frames: CanFrame[] = [];
  const drain = () => {
    while (reader.next()) frames.push({ ...reader.frame, data: reader.frame.data.slice() });
  };
  drain();
  reader.end();
  drain();
  return frames;
}

/** The frame that cansend would send. */
export function frameOf(text: string): CanFrame {
  return framesOf(`(0.000000) can0 ${text}`)[0];
}

/** Decodes frames as cansend writes them, by the text of a DBC file; only what is active. */
export function decoderOf(dbc: string, options?: CanDecoderOptions) {
  const decoder = new CanDecoder([parseDbc('test.dbc', dbc)], options);
  const decode = (frame: string): Record<string, number> | undefined => {
    const message = decoder.decode(frameOf(frame));
    if (!message) return undefined;
    const active = message.signals.map(({ name }, i) => [name, i] as const).filter(([, i]) => message.active[i] === 1);
    return Object.fromEntries(active.map(([name, i]) => [name, message.values[i]]));
  };
  return { decoder, decode };
}

/** One message with id 0x100 and these SG_ lines. */
export function message(...signals: string[]): string {
  return `BO_ 256 Message: 8 X\n${signals.map((signal) => ` SG_ ${signal} "" X\n`).join('')}`;
}
