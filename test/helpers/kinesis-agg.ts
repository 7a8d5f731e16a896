/** aws-kinesis-agg, the peer of our codec, with the types that its own declarations leave out. */
import * as agg from 'aws-kinesis-agg';

export interface PeerUser {
  partitionKey: string;
  data: Buffer;
}

interface Peer {
  RecordAggregator: new () => { addUserRecord(user: PeerUser): void; build(): { data: Buffer } };
  deaggregateSync(
    record: { data: string; partitionKey: string },
    checksum: boolean,
    done: (error: unknown, users: { partitionKey: string; data: string }[]) => void,
  ): void;
}

const peer = agg as unknown as Peer;

export const { RecordAggregator } = peer;

/** With its digest checked; `data` of the users stays base64, as the peer gives it. */
export function peerDeaggregate(base64: string): { partitionKey: string; data: string }[] {
  let read: { partitionKey: string; data: string }[] = [];
  peer.deaggregateSync({ data: base64, partitionKey: 'a' }, true, (_error, users) => {
    read = users;
  });
  return read;
}
