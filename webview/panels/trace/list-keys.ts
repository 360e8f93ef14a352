import { TypeAhead } from '../../shared/type-ahead.ts';
import type { TraceModel } from './trace-model.ts';

const ZOOM = 1.5;
const PAN = 0.2;

/** The keyboard of the list: one tab stop, the keys of a tree. */
export class ListKeys {
  readonly #model: TraceModel;
  /** Rows that one Page key moves over. */
  readonly #pageRows: () => number;
  readonly #typed = new TypeAhead();

  constructor(model: TraceModel, pageRows: () => number) {
    this.#model = model;
    this.#pageRows = pageRows;
  }

  /** `true`: the key was meant for the list. */
  handle(event: KeyboardEvent): boolean {
    const model = this.#model;
    const index = model.active.value;
    if (event.altKey) return event.key === 'ArrowDown' ? this.#sibling(1) : event.key === 'ArrowUp' ? this.#sibling(-1) : false;
    if (event.ctrlKey || event.metaKey) return this.#withControl(event);
    switch (event.key) {
      case 'ArrowDown': return this.#to(index + 1);
      case 'ArrowUp': return this.#to(index - 1);
      case 'PageDown': return this.#to(Math.max(0, index) + this.#pageRows());
      case 'PageUp': return this.#to(index - this.#pageRows());
      case 'Home': return this.#to(0);
      case 'End': return this.#to(Number.MAX_SAFE_INTEGER);
      case 'ArrowRight': return event.shiftKey ? this.#pan(PAN) : this.#right();
      case 'ArrowLeft': return event.shiftKey ? this.#pan(-PAN) : this.#left();
      case 'Enter': model.openRow(Math.max(0, index)); return true;
      case ' ': return this.#typed.isTyping ? this.#type(' ') : this.#toggle();
      case '*': return this.#all();
      case '+': case '=': model.time.zoomBy(ZOOM); return true;
      case '-': model.time.zoomBy(1 / ZOOM); return true;
      case '0': model.time.setZoom(null); return true;
      default: return event.key.length === 1 && event.key !== '/' && event.key !== '?' ? this.#type(event.key) : false;
    }
  }

  #withControl(event: KeyboardEvent): boolean {
    const model = this.#model;
    if (event.key === 'Home') return this.#to(0);
    if (event.key === 'End') return this.#to(Number.MAX_SAFE_INTEGER);
    if (event.key !== 'c' || event.shiftKey || getSelection()?.isCollapsed === false) return false;
    const view = model.view.value;
    const row = view !== null && model.active.value >= 0 ? view.rows.at(model.active.value) : null;
    if (view === null || row === null || row.position < 0) return false;
    model.request('trace/copy', { format: 'json', spanId: view.positions.id(row.position) });
    model.announcement.value = 'Copied the span.';
    return true;
  }

  #to(index: number): true {
    this.#model.moveTo(index);
    return true;
  }

  #pan(share: number): true {
    this.#model.time.panBy(share);
    return true;
  }

  #toggle(): true {
    this.#model.toggle(this.#model.active.value);
    return true;
  }

  #right(): true {
    const { view, active } = this.#model;
    const row = view.value?.rows.at(active.value);
    if (view.value === null || row === undefined || active.value < 0) return this.#to(0);
    if (row.type > 2) this.#model.openRow(active.value);
    else if (view.value.hasChildren(row)) return view.value.isOpen(row) ? this.#to(active.value + 1) : this.#toggle();
    return true;
  }

  #left(): true {
    const { view, active } = this.#model;
    if (view.value === null || active.value < 0) return true;
    if (view.value.isOpen(view.value.rows.at(active.value))) return this.#toggle();
    const parent = view.value.rows.parent(active.value);
    return parent < 0 ? true : this.#to(parent);
  }

  /** The next row of the same depth below the same one. */
  #sibling(direction: 1 | -1): true {
    const { view, active } = this.#model;
    const rows = view.value?.rows;
    if (rows === undefined || active.value < 0) return true;
    const depth = rows.depth(active.value);
    for (let at = active.value + direction; at >= 0 && at < rows.length && rows.depth(at) >= depth; at += direction) if (rows.depth(at) === depth) return this.#to(at);
    return true;
  }

  #all(): true {
    const { view, active } = this.#model;
    if (active.value >= 0) this.#model.change(() => view.value?.expandBelow(active.value));
    return true;
  }

  #type(letter: string): true {
    const index = Math.max(0, this.#model.active.value);
    const { text, isNew } = this.#typed.add(letter);
    this.#model.findByPrefix(text, isNew ? index + 1 : index);
    return true;
  }
}
