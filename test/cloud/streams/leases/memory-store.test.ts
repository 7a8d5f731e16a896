import { MemoryLeaseStore } from '#cloud/streams/leases/memory-store.js';
import { leaseStoreContract } from './store-contract.js';

leaseStoreContract('memory', async () => new MemoryLeaseStore());
