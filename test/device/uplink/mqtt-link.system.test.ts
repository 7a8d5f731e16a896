import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { linkContract } from './link-contract.js';

linkContract('mqtt link', createMqttLink);
