import { MAX_CHANNELS } from '../../wire/channels.js';
import { PitwallError } from '../../wire/errors.js';
import type { ChannelSpec } from '../../wire/messages.js';
import { suggestion } from '../../wire/nearest.js';
import { type ChannelWish, channelOf, isExact } from './channels.js';
import type { CanConfig, Selection } from './config.js';
import type { DbcSignal } from './dbc/model.js';
import type { MessageDecoder } from './message-decoder.js';

/** A signal that becomes a channel. */
export interface ChosenSignal {
  decoder: MessageDecoder;
  /** Among the decoder's signals. */
  index: number;
  channel: ChannelSpec;
  /** Whether the channel keeps every raw value. */
  isExact: boolean;
}

interface Candidate {
  decoder: MessageDecoder;
  index: number;
  signal: DbcSignal;
}

/**
 * The channels of a source, in the order of the configuration, else of the DBC files. A signal's name that several messages
 * use is given as `Message.Signal`. A pattern that names nothing is refused, with the nearest name.
 */
export function chooseSignals(decoders: readonly MessageDecoder[], wanted: CanConfig['signals']): ChosenSignal[] {
  const all = decoders.flatMap((decoder) => decoder.signals.map((signal, index) => ({ decoder, index, signal })));
  const wishes = new Map<Candidate, ChannelWish>();
  for (const each of wanted ?? ['*']) {
    const selection: Selection = typeof each === 'string' ? { signal: each } : each;
    const found = matching(all, selection.signal);
    if (found.length === 0 && wanted) throw unknownSignal(selection.signal, all);
    if (found.length > 1 && selection.name !== undefined) {
      throw refused(
        `"${selection.signal}" names ${found.length} signals, which cannot all be called "${selection.name}".`,
      );
    }
    // A pattern may mean a signal that is also named by itself: what is said of it adds up.
    for (const candidate of found) wishes.set(candidate, { ...wishes.get(candidate), ...withoutSignal(selection) });
  }
  if (wishes.size > MAX_CHANNELS) {
    throw refused(
      `The DBC files give ${wishes.size} signals, a channel table takes ${MAX_CHANNELS}: choose with "signals".`,
    );
  }
  const uses = new Map<string, number>();
  for (const { signal } of wishes.keys()) uses.set(signal.name, (uses.get(signal.name) ?? 0) + 1);
  return [...wishes].map(([{ decoder, index, signal }, wish]) => {
    const { message } = decoder;
    const name = wish.name ?? (uses.get(signal.name) === 1 ? signal.name : `${message.name}.${signal.name}`);
    const channel = channelOf(signal, message, { ...wish, name });
    return { decoder, index, channel, isExact: isExact(signal, channel) };
  });
}

function withoutSignal({ signal: _signal, ...wish }: Selection): ChannelWish {
  return wish;
}

function matching(all: readonly Candidate[], pattern: string): Candidate[] {
  const expression = new RegExp(`^${pattern.replace(/[^A-Za-z0-9_*]/g, '\\$&').replaceAll('*', '.*')}$`);
  return all.filter(
    ({ decoder, signal }) => expression.test(signal.name) || expression.test(`${decoder.message.name}.${signal.name}`),
  );
}

function unknownSignal(pattern: string, all: readonly Candidate[]): PitwallError {
  const names = all.flatMap(({ decoder, signal }) => [signal.name, `${decoder.message.name}.${signal.name}`]);
  return refused(`No signal of the DBC files matches "${pattern}".${suggestion(pattern, names)}`);
}

function refused(what: string): PitwallError {
  return new PitwallError('PW-CONFIG-CAN', { what, fix: 'Correct "signals" of this source.' });
}
