/**
 * What a device reads on `…/rejected`. AWS lists no codes; `InvalidCertificateOwnershipToken` and `AccessDenied` are seen in
 * the field, the others follow their form.
 */
const STATUS = {
  AccessDenied: 403,
  InternalFailure: 500,
  InvalidCertificateOwnershipToken: 400,
  InvalidCertificateSigningRequest: 400,
  InvalidJson: 400,
  InvalidParameters: 400,
  InvalidTemplate: 400,
  ResourceConflict: 409,
  ResourceNotFound: 404,
  TooManyRequests: 429,
} as const;

export type ProvisioningErrorCode = keyof typeof STATUS;

export class ProvisioningRejection extends Error {
  readonly errorCode: ProvisioningErrorCode;

  constructor(errorCode: ProvisioningErrorCode, message: string) {
    super(message);
    this.name = 'ProvisioningRejection';
    this.errorCode = errorCode;
  }

  toJSON(): { statusCode: number; errorCode: ProvisioningErrorCode; errorMessage: string } {
    return { statusCode: STATUS[this.errorCode], errorCode: this.errorCode, errorMessage: this.message };
  }
}
