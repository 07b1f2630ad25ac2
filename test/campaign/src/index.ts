export { cellsOf, type Cell } from './analysis/cell.ts';
export { brokenIn, unjudgedIn } from './analysis/promises.ts';
export { CLIENTS } from './clients/registry.ts';
export { TABLES } from './clients/sql.ts';
export { onLists, type Ask } from './clients/transactions.ts';
export { CAMPAIGN_FAULTS } from './faults/faults.ts';
export { runFault, type FaultRun, type FaultRunOptions } from './run/run-fault.ts';
export { SETTINGS } from './settings.ts';
