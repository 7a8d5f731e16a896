/** Exceptions of the AWS IoT API, with the status that the SDK's models give each. */
import { AwsError } from '../../aws-error.js';

export const invalidRequest = (message: string): AwsError => new AwsError('InvalidRequestException', message);

export const notFound = (what: string): AwsError =>
  new AwsError('ResourceNotFoundException', `${what} does not exist.`, 404);

export const alreadyExists = (what: string, resourceId: string, resourceArn: string): AwsError =>
  new AwsError('ResourceAlreadyExistsException', `${what} already exists with other properties.`, 409, {
    resourceId,
    resourceArn,
  });

export const versionConflict = (what: string, expected: number, version: number): AwsError =>
  new AwsError('VersionConflictException', `${what} is at version ${version}, expected was ${expected}.`, 409);

export const limitExceeded = (message: string): AwsError => new AwsError('LimitExceededException', message, 410);

export const versionsLimitExceeded = (message: string): AwsError =>
  new AwsError('VersionsLimitExceededException', message, 409);

export const deleteConflict = (message: string): AwsError => new AwsError('DeleteConflictException', message, 409);

export const certificateState = (message: string): AwsError => new AwsError('CertificateStateException', message, 406);

export const certificateValidation = (message: string): AwsError =>
  new AwsError('CertificateValidationException', message);

export const certificateConflict = (message: string): AwsError =>
  new AwsError('CertificateConflictException', message, 409);

export const registrationCodeValidation = (message: string): AwsError =>
  new AwsError('RegistrationCodeValidationException', message);

export const malformedPolicy = (message: string): AwsError => new AwsError('MalformedPolicyException', message);

export const sqlParse = (message: string): AwsError => new AwsError('SqlParseException', message);

export const unauthorized = (message: string): AwsError => new AwsError('UnauthorizedException', message, 401);
