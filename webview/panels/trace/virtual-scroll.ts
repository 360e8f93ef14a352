/** Taller elements are cut off by Chromium (2^25 pixels at a device pixel ratio of 1, less at others). */
const TALLEST = 8_000_000;

/** Maps the bar of a scrolling box to a content that may be taller than a box can be. Lengths are CSS pixels. */
export class VirtualScroll {
  readonly contentHeight: number;
  readonly isScaled: boolean;
  readonly #scale: number;
  readonly #height: number;

  constructor(contentHeight: number, height: number) {
    this.contentHeight = Math.min(contentHeight, TALLEST);
    this.isScaled = contentHeight > TALLEST;
    this.#height = height;
    this.#scale = this.isScaled ? (contentHeight - height) / (TALLEST - height) : 1;
  }

  /** What is at the top of the box. */
  top(scrollTop: number): number {
    return scrollTop * this.#scale;
  }

  /** By how much what is drawn has to be moved up. */
  offset(scrollTop: number): number {
    return this.top(scrollTop) - scrollTop;
  }

  /** The position of the bar that brings a stretch into view with the least movement. */
  reveal(at: number, length: number, scrollTop: number): number {
    const top = this.top(scrollTop);
    if (at < top) return at / this.#scale;
    if (at + length > top + this.#height) return (at + length - this.#height) / this.#scale;
    return scrollTop;
  }
}
