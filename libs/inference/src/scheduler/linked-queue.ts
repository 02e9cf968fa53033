/** A queue whose members can leave from anywhere at once: batches pick by length, callers go away. */
export class LinkedQueue<T> {
  private first: Node<T> | null = null;
  private last: Node<T> | null = null;
  private count = 0;

  get size(): number {
    return this.count;
  }

  get head(): T | undefined {
    return this.first?.value;
  }

  push(value: T): Node<T> {
    const node: Node<T> = { value, previous: this.last, next: null };
    if (this.last) this.last.next = node;
    else this.first = node;
    this.last = node;
    this.count++;
    return node;
  }

  unshift(value: T): Node<T> {
    const node: Node<T> = { value, previous: null, next: this.first };
    if (this.first) this.first.previous = node;
    else this.last = node;
    this.first = node;
    this.count++;
    return node;
  }

  /** Takes out a node that is in this queue. */
  remove(node: Node<T>): void {
    if (node.previous) node.previous.next = node.next;
    else this.first = node.next;
    if (node.next) node.next.previous = node.previous;
    else this.last = node.previous;
    this.count--;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let node = this.first; node; node = node.next) yield node.value;
  }
}

export interface Node<T> {
  readonly value: T;
  previous: Node<T> | null;
  next: Node<T> | null;
}
