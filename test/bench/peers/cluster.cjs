// The same in two workers of node:cluster; the second argument is its scheduling policy.
const cluster = require('node:cluster');

cluster.schedulingPolicy = process.argv[3] === 'none' ? cluster.SCHED_NONE : cluster.SCHED_RR;
if (cluster.isPrimary) {
  for (let count = 0; count < 2; count++) cluster.fork();
} else {
  require('./net.cjs');
}
