/** The simulated STS in its own process, so that its cost is nobody else's. It tells its address to the parent. */
import { startSimulator } from '../../simulator/simulator.ts';

const simulator = await startSimulator({
  now: Date.now,
  buckets: ['app-media'],
  region: 'cn-hangzhou',
});
const { sourceCredentials, roleArn } = simulator;
process.on('disconnect', () => process.exit(0));
process.send?.({ url: simulator.sts.url, sourceCredentials, roleArn });
