import type { ProvisioningPlan } from './template.js';

export interface ProvisioningTemplate {
  arn: string;
  /** The default version. */
  body: string;
  enabled: boolean;
  /** ARN of the function that may refuse; undefined without one. */
  hookArn?: string;
}

export interface ClaimedCertificate {
  certificateId: string;
  certificatePem: string;
}

/** What fleet provisioning asks of the registry. Methods raise AwsError. */
export interface ProvisioningDirectory {
  /** Undefined: no such template for fleet provisioning. */
  template(name: string): ProvisioningTemplate | undefined;
  /** Both give a certificate that is PENDING_ACTIVATION. */
  createFromCsr(csrPem: string): Promise<ClaimedCertificate>;
  createWithKeys(): Promise<ClaimedCertificate & { privateKeyPem: string }>;
  /** The certificate's text; undefined when it is gone. */
  certificatePem(certificateId: string): string | undefined;
  /** Registers what a template says; last of all the certificate gets its status. Once more changes nothing. */
  provision(plan: ProvisioningPlan): Promise<void>;
  /** Forgets a certificate that was never activated; one that was, or is gone, is left alone. */
  dropUnclaimed(certificateId: string): Promise<void>;
}
