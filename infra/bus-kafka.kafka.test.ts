import { afterAll } from '@jest/globals';
import { describeBus } from './bus-contract.fixture.ts';
import { closeKafka, describeKafka, openTopics, retire } from './kafka.fixture.ts';

afterAll(closeKafka);

describeKafka('the contract of every bus', () => {
  describeBus({
    name: 'on Kafka',
    open: async (partitions) => (await openTopics({ partitions })).fragments,
    retire,
    runs: 4,
  });
});
