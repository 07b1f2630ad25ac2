#!/usr/bin/env node
const [major = 0] = process.versions.node.split('.').map(Number);
if (major >= 22) await import('../dist/main.js');
else {
  console.error(`steadfast-bench runs on Node.js ${process.versions.node}; it needs 22.18 or newer`);
  process.exitCode = 2;
}
