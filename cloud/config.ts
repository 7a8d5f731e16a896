/**
 * Where the cloud is, for whoever talks to it. The same shape for AWS and for the local services: only the values differ,
 * and nothing that reads them asks which of the two it is.
 */
export interface CloudConfig {
  region: string;
  /** Absent: the SDK's own chain (environment, shared files, container or instance role). */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Profile of the shared AWS configuration; absent: the SDK's default. */
  profile?: string;
  /** Absent: `AWS_ENDPOINT_URL_*` where set, else AWS's own. */
  endpoints?: {
    kinesis?: string;
    dynamodb?: string;
    dynamodbStreams?: string;
    iotData?: string;
    iot?: string;
    s3?: string;
    firehose?: string;
  };
}
