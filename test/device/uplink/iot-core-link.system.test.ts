import { createIotCoreLink } from '#device/uplink/iot-core-link.js';
import { linkContract } from './link-contract.js';

linkContract('AWS SDK link', createIotCoreLink);
