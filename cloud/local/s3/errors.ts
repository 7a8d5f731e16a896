import { AwsError } from '../aws-error.js';
import type { Refused } from '../sigv4.js';

/** S3's errors in S3's words (API reference, "List of error codes"); `members` become elements beside the message. */

export const noSuchBucket = (name: string): AwsError =>
  new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: name });

export const noSuchKey = (key: string): AwsError =>
  new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });

export const noSuchUpload = (uploadId: string): AwsError =>
  new AwsError(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    404,
    { UploadId: uploadId },
  );

export const preconditionFailed = (condition: string): AwsError =>
  new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    Condition: condition,
  });

export const conditionalConflict = (key: string): AwsError =>
  new AwsError(
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    409,
    { Key: key },
  );

export const operationAborted = (): AwsError =>
  new AwsError(
    'OperationAborted',
    'A conflicting conditional operation is currently in progress against this resource. Please try again.',
    409,
  );

export const invalidArgument = (name: string, value: string, message: string): AwsError =>
  new AwsError('InvalidArgument', message, 400, { ArgumentName: name, ArgumentValue: value });

export const invalidRequest = (message: string): AwsError => new AwsError('InvalidRequest', message);

export const badDigest = (what: string): AwsError =>
  new AwsError('BadDigest', `The ${what} you specified did not match the calculated checksum.`);

export const malformedXml = (): AwsError =>
  new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );

export const incompleteBody = (message: string): AwsError => new AwsError('IncompleteBody', message);

export const entityTooLarge = (proposed: number, max: number): AwsError =>
  new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, {
    ProposedSize: proposed,
    MaxSizeAllowed: max,
  });

/** @param what header, query parameter or operation, for the person who reads it */
export const notImplemented = (what: string): AwsError =>
  new AwsError('NotImplemented', `A header or operation you provided is not served locally: ${what}.`, 501);

export const methodNotAllowed = (method: string): AwsError =>
  new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405, {
    Method: method,
  });

export const accessDenied = (message: string): AwsError => new AwsError('AccessDenied', message, 403);

/** What S3 calls the reasons why a signature is refused. */
export function signatureRefused({ reason, message }: Refused, presigned: boolean): AwsError {
  switch (reason) {
    case 'missing':
      return accessDenied('Access Denied');
    case 'malformed':
      return presigned
        ? new AwsError('AuthorizationQueryParametersError', message)
        : new AwsError('AuthorizationHeaderMalformed', message);
    case 'time':
      return presigned
        ? accessDenied('Request has expired')
        : new AwsError(
            'RequestTimeTooSkewed',
            'The difference between the request time and the current time is too large.',
            403,
          );
    case 'key':
      return new AwsError(
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        403,
      );
    case 'scope':
      return new AwsError('AuthorizationHeaderMalformed', message);
    case 'payload':
    case 'mismatch':
      return new AwsError('SignatureDoesNotMatch', message, 403);
  }
}
