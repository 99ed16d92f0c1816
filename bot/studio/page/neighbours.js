/* Which wall a picture was opened from, and where it hangs there: so that one can go on to the next one. */

export const neighbours = {
  wall: null,
  index: 0,
  from: "gallery",
  /** Whether what hangs on the walls has changed since they were opened. */
  stale: false,

  set(wall, index, from) {
    Object.assign(this, { wall, index, from });
  },

  /** The picture so many places on, or null where the wall ends. */
  async step(by) {
    const index = this.index + by;
    if (!this.wall || index < 0 || index >= this.wall.total) return null;
    const picture = await this.wall.reach(index);
    this.index = index;
    return picture ?? this.step(Math.sign(by));
  },
};
