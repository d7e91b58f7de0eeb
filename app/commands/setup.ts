import { Command } from 'commander';
import { openStore } from '../../infra/store.ts';
import { loadConfig } from '../config.ts';
import { CONFIG_FLAG, configFileOf } from '../config-file.ts';
import { addressOf } from '../config-store.ts';
import type { Io } from '../io.ts';

interface SetupFlags {
  readonly config?: string;
  readonly print?: true;
}

/** `tripline setup`: what a cluster needs before its roles start. May run again, and at the same time elsewhere. */
export function setupCommand(io: Io): Command {
  return new Command('setup')
    .description('make the topics and bring the tables of the store up to date')
    .option(...CONFIG_FLAG)
    .option('--print', 'only print the commands that a Kafka administrator would run')
    .action(async ({ config: file, print }: SetupFlags) => {
      const { live, store } = loadConfig(configFileOf({ config: file }, io) ?? undefined, io.env);
      const { kafka } = live.bus;
      const say = (lines: readonly string[]) => io.stdout.write(lines.map((line) => `${line}\n`).join(''));
      const { describeTopics, setupKafkaTopics } = await import('../../infra/kafka-topics.ts');
      const { kafkaOptions, topicPlan } = await import('../roles/bus.ts');
      if (kafka === undefined) await say(['bus: local needs no topics']);
      else if (print === true) await say(describeTopics(kafka, topicPlan(kafka)));
      else await say(await setupKafkaTopics(kafkaOptions(kafka), topicPlan(kafka)));
      if (print === true) return;
      if (store === 'none') {
        await say(['store: none needs no tables']);
        return;
      }
      const opened = await openStore(addressOf(store));
      await opened.close();
      await say(['the tables of the store are up to date']);
    });
}
