/** Lets one waiter sleep until any of several things happens; what happens while it is awake is not missed. */
export class Bell {
  #ring: () => void = () => {};
  #rung: boolean = false;

  ring(): void {
    this.#rung = true;
    this.#ring();
  }

  async rung(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#ring = resolve));
    this.#rung = false;
  }
}
