import { BusError } from '../../infra/bus.ts';
import { findKafkaTopics } from '../../infra/kafka-doctor.ts';
import { TOPICS } from '../../infra/topics.ts';
import type { KafkaSettings } from '../config-live.ts';
import { kafkaOptions, topicPlan } from '../roles/bus.ts';
import { plural } from '../style.ts';
import { type Check, type Finding, fail, ok, warn } from './check.ts';

const WHAT = 'kafka';

/** Whether brokers answer and take us, and have the topics. `find` asks them. */
export function kafkaCheck(settings: KafkaSettings, find = findKafkaTopics): Check {
  return {
    what: WHAT,
    async run() {
      try {
        const found = await find(kafkaOptions(settings));
        const plan = topicPlan(settings);
        const missing = TOPICS.filter((topic) => found[topic] === null).map((topic) => `${settings.prefix}.${topic}`);
        if (missing.length > 0)
          return [
            fail(
              WHAT,
              `topics are missing: ${missing.join(', ')}`,
              'make them: tripline setup (or tripline setup --print for an administrator)',
            ),
          ];
        return TOPICS.flatMap((topic): Finding[] => {
          const [partitions, planned] = [found[topic] ?? 0, plan.partitions[topic]];
          if (partitions === planned) return [];
          return [
            warn(
              WHAT,
              `${settings.prefix}.${topic} has ${plural(partitions, 'partition')}, the config says ${planned}`,
              'set bus.kafka.topics to what is there: partitions cannot be changed later',
            ),
          ];
        }).concat(ok(WHAT, `${settings.brokers.join(', ')} answer, all topics are there`));
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        return [fail(WHAT, error.message, fixOf(error))];
      }
    },
  };
}

function fixOf({ code, message }: BusError): string {
  if (code === 'REFUSED' && /SASL|AUTHENTICATION/i.test(message))
    return 'look at bus.kafka.sasl: the user, the password, the mechanism';
  if (code === 'REFUSED')
    return 'let this user read and write the topics and groups of this prefix (ACLs), or look at bus.kafka.tls';
  return 'look at bus.kafka.brokers, and whether the brokers run and may be reached from here';
}
