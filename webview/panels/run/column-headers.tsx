import type { Signal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import type { GridView } from '../../../src/protocol/engine.ts';
import { Menu, type MenuItem } from '../../controls/menu.tsx';
import type { GridLayout } from './grid-columns.ts';
import { RunIcon } from './icons.tsx';
import type { RunModel } from './run-model.ts';

type Sort = GridView['sort'];

const MODEL_SORTS: readonly { readonly label: string; readonly by: Sort['by']; readonly descending: boolean }[] = [
  { label: 'Score, lowest first', by: 'score', descending: false },
  { label: 'Score, highest first', by: 'score', descending: true },
  { label: 'Latency, slowest first', by: 'latency', descending: true },
  { label: 'Latency, fastest first', by: 'latency', descending: false },
  { label: 'Cost, highest first', by: 'cost', descending: true },
];

export function headerId(column: number): string {
  return `h${column}`;
}

/** Names of the columns. The case column turns its order by a click, a model's column offers what it can be sorted by. */
export function ColumnHeaders({ model, labels, layout, activeColumn, menu }: {
  readonly model: RunModel;
  readonly labels: readonly string[];
  readonly layout: GridLayout;
  readonly activeColumn: number;
  /** Model whose menu is open, or -1. */
  readonly menu: Signal<number>;
}): ComponentChild {
  const { sort } = model.state.value.view;
  const sortBy = (next: Sort): void => model.setView({ sort: next });
  const turn = (): void => {
    if (sort.by !== 'case') sortBy({ by: 'case', modelIndex: 0, descending: false });
    else if (!sort.descending) sortBy({ by: 'case', modelIndex: 0, descending: true });
    else sortBy({ by: 'order', modelIndex: 0, descending: false });
  };
  const items = (modelIndex: number): MenuItem[] => [
    ...MODEL_SORTS.map(({ label, by, descending }) => ({
      label, checked: sort.by === by && sort.modelIndex === modelIndex && sort.descending === descending, run: () => sortBy({ by, modelIndex, descending }),
    })),
    { label: 'Order of the dataset', checked: sort.by === 'order', starts: true, run: () => sortBy({ by: 'order', modelIndex: 0, descending: false }) },
  ];
  return (
    <div class="row cols" role="row" aria-rowindex={1}>
      <span id={headerId(0)} class={activeColumn === 0 ? 'case at' : 'case'} role="columnheader" aria-colindex={1} aria-sort={sort.by === 'case' ? direction(sort) : 'none'}>
        <button type="button" tabIndex={-1} title="Sort by case" onClick={() => {
          turn();
          model.gridFocus.value++;
        }}>Case{sort.by === 'case' && <Arrow sort={sort} />}</button>
      </span>
      {layout.slice && <span role="columnheader">Slice</span>}
      {layout.variables && <span role="columnheader">Variables</span>}
      {layout.expected && <span role="columnheader">Expected</span>}
      {labels.map((label, at) => {
        const sorted = sort.modelIndex === at && (sort.by === 'score' || sort.by === 'latency' || sort.by === 'cost');
        return (
          <span key={label} id={headerId(at + 1)} class={`model-head anchor${activeColumn === at + 1 ? ' at' : ''}`} role="columnheader" aria-colindex={layout.lead + at + 1} aria-sort={sorted ? direction(sort) : 'none'}>
            <button type="button" tabIndex={-1} title={`${label}: sort by score, latency or cost`} aria-haspopup="menu" aria-expanded={menu.value === at} onClick={() => { menu.value = menu.value === at ? -1 : at; }}>
              <span class="ell">{label}</span>{sorted && <span class="sorted">{sort.by}<Arrow sort={sort} /></span>}
            </button>
            {menu.value === at && (
              <Menu items={items(at)} label={`Sort by ${label}`} align={at === labels.length - 1 ? 'right' : 'left'} onClose={(returnFocus) => {
                menu.value = -1;
                if (returnFocus) model.gridFocus.value++;
              }} />
            )}
          </span>
        );
      })}
    </div>
  );
}

function Arrow({ sort }: { readonly sort: Sort }): ComponentChild {
  return <RunIcon name={sort.descending ? 'sortDown' : 'sortUp'} class="sort-arrow" />;
}

function direction(sort: Sort): 'ascending' | 'descending' {
  return sort.descending ? 'descending' : 'ascending';
}
