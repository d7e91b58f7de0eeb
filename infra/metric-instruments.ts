import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

type Labels<L extends string> = readonly L[];

/** Makes instruments of one registry, in two lines each: every name begins with `tripline_`. */
export class Instruments {
  readonly #registers: Registry[];

  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  counter<L extends string = never>(name: string, help: string, labelNames: Labels<L> = []): Counter<L> {
    return new Counter({ name: `tripline_${name}`, help, labelNames, registers: this.#registers });
  }

  /** `collect` is called at every scrape, before the gauge is read: for what changes while nothing happens, such as age. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labelNames: Labels<L> = [],
    collect: (gauge: Gauge<L>) => void = () => {},
  ): Gauge<L> {
    return new Gauge({
      name: `tripline_${name}`,
      help,
      labelNames,
      registers: this.#registers,
      collect() {
        collect(this);
      },
    });
  }

  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: Labels<L> = [],
  ): Histogram<L> {
    return new Histogram({
      name: `tripline_${name}`,
      help,
      labelNames,
      buckets: [...buckets],
      registers: this.#registers,
    });
  }
}

/**
 * A label's values as a bounded set: what is not `known` becomes `other`, so that no input can make a series of its own.
 * `known` may be beginnings of texts.
 */
export function bounded(known: readonly string[]): (text: string) => string {
  return (text) => known.find((beginning) => text.startsWith(beginning)) ?? 'other';
}
