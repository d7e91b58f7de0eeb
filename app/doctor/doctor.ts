import type { Config } from '../config.ts';
import { type Check, type Finding, ok, warn } from './check.ts';
import { destinationChecks } from './destinations.ts';
import { kafkaCheck } from './kafka.ts';
import { certificateCheck, folderCheck, nodeCheck, portCheck } from './machine.ts';
import { sourceChecks } from './sources.ts';
import { storeCheck } from './store.ts';
import type { DoctorWorld } from './world.ts';

/** Everything that a configuration needs of the world, in the order in which it is shown. */
export function checksOf(config: Config, file: string | null, world: DoctorWorld): Check[] {
  const { bus, state, http, listen } = config.live;
  return [
    nodeCheck(world),
    configCheck(config, file),
    ...sourceChecks(config, world),
    ...(bus.kafka === undefined
      ? [folderCheck('bus', bus.local?.dir ?? './.tripline/bus', world)]
      : [kafkaCheck(bus.kafka)]),
    storeCheck(config.store, world),
    folderCheck('state', state, world),
    ...destinationChecks(config, world),
    ...(listen === undefined ? [] : [portCheck('listen', listen.address, world)]),
    ...(listen?.tls === undefined ? [] : [certificateCheck('listen tls', listen.tls, world)]),
    ...(http.listen === 'off' ? [] : [portCheck('http', http.listen, world)]),
  ];
}

/** It was read without a problem; what is missing that somebody surely wants is said. */
function configCheck({ live }: Config, file: string | null): Check {
  const what = 'config';
  return {
    what,
    async run() {
      const findings: Finding[] = [ok(what, file === null ? 'no file: the defaults' : `${file} is fine`)];
      if (live.sources.length === 0 && live.listen === undefined)
        findings.push(
          warn(
            what,
            'nothing is read: there are no sources',
            'tripline init writes a config; or name inputs with tripline run INPUT',
          ),
        );
      if (live.destinations.length === 0)
        findings.push(
          warn(
            what,
            'nobody is told: there are no destinations',
            'add destinations: docs/cli.md; until then tripline run shows alerts on the screen',
          ),
        );
      return findings;
    },
  };
}

/** Findings of one clock by several checks: the worst of them, once; the others stay as they are. */
export function withOneClock(findings: readonly Finding[]): Finding[] {
  const clocks = findings.filter(({ what }) => what === 'clock');
  const order = ['fail', 'warn', 'ok', 'skipped'];
  const [worst] = [...clocks].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const rest = findings.filter(({ what }) => what !== 'clock');
  const place = rest.findIndex(({ what }) => what !== 'node' && what !== 'config');
  return worst === undefined ? rest : [...rest.slice(0, place), worst, ...rest.slice(place)];
}
