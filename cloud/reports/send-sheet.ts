import { createHash } from 'node:crypto';
import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { topics } from '#wire/topics.js';
import { sheetCsv } from './page/csv.js';
import { sheetPage } from './page/sheet-page.js';
import type { PracticeSheet } from './practice/sheet.js';

export interface SendSheetOptions {
  s3: S3Client;
  iotData: IoTDataPlaneClient;
  bucket: string;
  /** For so long the car can fetch it, seconds. Default a day; at most seven. */
  expiresS?: number;
}

/** What the car compares its laps with (`device/components/practice-sheet.ts`). */
export interface SheetDocument {
  v: 1;
  title: string;
  lapTimeMs: number;
  sectorsMs?: number[];
}

/** What goes to `pitwall/v1/<thing>/sheets`. */
export interface SheetMessage {
  v: 1;
  kind: 'sheet';
  sha256: string;
  url: string;
}

const DAY_S = 86_400;
/** As long as a title in the car may be. */
const TITLE_MAX = 64;

/** The lap to beat: the ideal one where there are sectors, else the best. Undefined without a clean lap. */
function sheetDocument({ run, best, idealMs, sectors }: PracticeSheet): SheetDocument | undefined {
  if (best === null) return undefined;
  const title = (what: string) => `${run.slice(0, TITLE_MAX - what.length - 2)}, ${what}`;
  return idealMs === null
    ? { v: 1, title: title('best'), lapTimeMs: best.lapTimeMs }
    : { v: 1, title: title('ideal'), lapTimeMs: idealMs, sectorsMs: sectors.map(({ bestMs }) => bestMs) };
}

/**
 * Puts the sheet into the bucket, as page, CSV and what the car reads, and tells the car where: by hash and presigned URL, so
 * that the car needs no rights in the bucket and trusts the hash alone. A car that is away gets it when it is back: QoS 1.
 * Returns the message; undefined when there is nothing to send. Raises what the SDK raises.
 */
export async function sendSheet(
  { s3, iotData, bucket: Bucket, expiresS = DAY_S }: SendSheetOptions,
  thing: string,
  sheet: PracticeSheet,
): Promise<SheetMessage | undefined> {
  const document = sheetDocument(sheet);
  if (document === undefined) return undefined;
  const Body = JSON.stringify(document);
  const sha256 = createHash('sha256').update(Body).digest('hex');
  const folder = `sheets/${encodeURIComponent(sheet.run)}/${encodeURIComponent(sheet.entry)}`;
  const Key = `${folder}/${sha256}.json`;
  await Promise.all([
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/json' })),
    s3.send(
      new PutObjectCommand({
        Bucket,
        Key: `${folder}/sheet.html`,
        Body: sheetPage(sheet),
        ContentType: 'text/html; charset=utf-8',
      }),
    ),
    s3.send(
      new PutObjectCommand({
        Bucket,
        Key: `${folder}/laps.csv`,
        Body: sheetCsv(sheet),
        ContentType: 'text/csv; charset=utf-8',
      }),
    ),
  ]);
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: expiresS });
  const message: SheetMessage = { v: 1, kind: 'sheet', sha256, url };
  const payload = Buffer.from(JSON.stringify(message));
  await iotData.send(new PublishCommand({ topic: topics.sheets(thing), qos: 1, payload }));
  return message;
}
