/** What reads the outside world in pg-ha, from its build: the package's door shows none of it. */
export { parsePatroniCluster } from '../../../packages/pg-ha/dist/discovery/patroni-cluster.js';
export { dialError } from '../../../packages/pg-ha/dist/errors/dial-error.js';
export {
  driverErrorOf,
  isFatal,
  meaningOf,
  refusesLogin,
  sqlstateOf,
} from '../../../packages/pg-ha/dist/errors/sqlstate.js';
export {
  classifyWorkError,
  endsTransaction,
  isByRole,
  lostStatement,
} from '../../../packages/pg-ha/dist/errors/work-error.js';
export { quoteChannel } from '../../../packages/pg-ha/dist/listen/channel-name.js';
export { readPoolOptions } from '../../../packages/pg-ha/dist/options/pool-options.js';
export { OPTION_TABLE } from '../../../packages/pg-ha/dist/options/table.js';
export { formatToken, parseToken } from '../../../packages/pg-ha/dist/reader/wal-position.js';
