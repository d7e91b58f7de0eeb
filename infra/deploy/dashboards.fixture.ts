import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = new URL('../..', import.meta.url).pathname;

interface Source {
  readonly type: string;
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: Source;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly datasource: Source; readonly expr?: string; readonly rawSql?: string }[];
}

export interface Board {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly datasource: Source; readonly definition: string }[] };
}

/** The dashboards in this folder; those with a panel that asks a source of this kind. */
export function boardsOf(kind?: string): Board[] {
  const dir = join(ROOT, 'infra/deploy/grafana');
  const boards = readdirSync(dir).map((file) => JSON.parse(readFileSync(join(dir, file), 'utf8')) as Board);
  return boards.filter(({ panels }) => kind === undefined || panels.some((panel) => panel.datasource?.type === kind));
}

/** What a panel asks, in PromQL or SQL. */
export const targetsOf = ({ targets = [] }: Panel): string[] => targets.map(({ expr, rawSql }) => expr ?? rawSql ?? '');
