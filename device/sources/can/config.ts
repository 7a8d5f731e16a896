import { z } from 'zod';

const selected = z.strictObject({
  /** `RPM`, `Engine.RPM`, `Engine.*`, `*`. */
  signal: z.string().min(1),
  /** Name of the channel, where the pattern names one signal. */
  name: z.string().min(1).optional(),
  unit: z.string().optional(),
  /** Resolution of the channel; the factor of the DBC file by default. */
  scale: z.number().positive().optional(),
  /** Samples a second to be expected; from GenMsgCycleTime by default. */
  rateHz: z.number().positive().optional(),
});

/** A CAN bus, or a recording of one. */
export const canConfig = z.strictObject({
  /** Text of candump from stdin or a file (`.gz` is opened), or a SocketCAN interface of this computer. */
  input: z.union([
    z.literal('stdin'),
    z.strictObject({ file: z.string().min(1) }),
    z.strictObject({ socketcan: z.string().regex(/^[^\s/]{1,15}$/, 'the name of an interface') }),
  ]),
  dbc: z.array(z.string().min(1)).default([]),
  /** Frames of this interface only; a log may hold several. */
  bus: z.string().min(1).optional(),
  /** Which signals become channels; without it all do. */
  signals: z
    .array(z.union([z.string().min(1), selected]))
    .min(1)
    .optional(),
  j1939: z.boolean().default(false),
  /** Whether answers to OBD-II requests become channels. */
  obd: z.boolean().default(false),
  /**
   * Of a recording: its seconds per second of the race clock. 1 by default for a file; 0, as fast as the journal takes
   * it, for stdin, where a live bus paces itself.
   */
  speed: z.number().min(0).max(1000).optional(),
  /** Of the bus, for its load; the second is that of CAN FD's data phase. */
  bitrate: z.int().positive().default(500_000),
  dataBitrate: z.int().positive().default(2_000_000),
});

export type CanConfig = z.infer<typeof canConfig>;
export type Selection = z.infer<typeof selected>;
