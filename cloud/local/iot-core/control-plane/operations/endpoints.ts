import { z } from 'zod';
import { type Operation, operation } from '../operation.js';

/** `host:port`, as clients are told it. AWS's answers have no port, because its ports are fixed. */
export interface Endpoints {
  /** MQTT over TLS. */
  data: string;
  /** The HTTP APIs. */
  http: string;
}

export function endpointOperations(endpoints: () => Endpoints): Operation[] {
  const endpointType = z
    .enum(['iot:Data', 'iot:Data-ATS', 'iot:Jobs'], {
      error: 'Only the endpoints iot:Data, iot:Data-ATS and iot:Jobs are served by the local IoT Core.',
    })
    .default('iot:Data');
  return [
    operation({
      name: 'DescribeEndpoint',
      method: 'GET',
      path: '/endpoint',
      query: z.object({ endpointType }),
      perform: ({ query }) => ({
        endpointAddress: query.endpointType === 'iot:Jobs' ? endpoints().http : endpoints().data,
      }),
    }),
  ];
}
