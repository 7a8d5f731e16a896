import { Aws, type Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { type DeliveryStreamResource, deliveryStreams } from '../resources.js';

/** The delivery streams of `resources.ts`, each with a role that may put below its own prefix. */
export function addDeliveryStreams(stack: Stack, archive: Bucket): void {
  for (const [key, resource] of Object.entries(deliveryStreams)) addDeliveryStream(stack, key, resource, archive);
}

function addDeliveryStream(stack: Stack, key: string, resource: DeliveryStreamResource, archive: Bucket): void {
  const { name, prefix, bufferMib, bufferSeconds } = resource;
  const role = new Role(stack, `DeliveryRole-${key}`, {
    assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    inlinePolicies: {
      put: new PolicyDocument({
        statements: [
          new PolicyStatement({
            actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
            resources: [archive.arnForObjects(`${prefix}*`)],
          }),
          new PolicyStatement({
            actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
            resources: [archive.bucketArn],
          }),
        ],
      }),
    },
  });
  const stream = new CfnDeliveryStream(stack, `Delivery-${key}`, {
    deliveryStreamName: name,
    deliveryStreamType: 'DirectPut',
    deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
    extendedS3DestinationConfiguration: {
      roleArn: role.roleArn,
      bucketArn: archive.bucketArn,
      prefix,
      bufferingHints: { sizeInMBs: bufferMib, intervalInSeconds: bufferSeconds },
      compressionFormat: 'GZIP',
    },
  });
  // CloudFormation would else make the stream before the role may do anything.
  stream.node.addDependency(role);
}
