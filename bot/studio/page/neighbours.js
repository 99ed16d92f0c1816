/* Which wall a picture was opened from, and where it hangs there: so that one can go on to the next one. */

/** Find the place on a wall that was opened anew; it stays as it is where the picture hangs there no more. */
async function find(here) {
  const place = await here.wall.placeOf(here.id);
  here.opened = here.wall.id;
  here.index = place ?? here.index;
}

export const neighbours = {
  wall: null,
  /** The wall's id when the place was found there: one that was opened anew has others. */
  opened: null,
  index: 0,
  id: null,
  from: "gallery",
  /** Whether what hangs on the walls has changed since they were opened. */
  stale: false,

  set(wall, index, from) {
    Object.assign(this, { wall, opened: wall.id, index, id: wall.at(index).id, from });
  },

  /** The picture so many places on, or null where the wall ends. Throws what went wrong. */
  async step(by) {
    const { wall } = this;
    if (!wall) return null;
    if (wall.id !== this.opened) await find(this);
    const index = this.index + by;
    if (index < 0 || index >= wall.total) return null;
    const picture = await wall.reach(index);
    if (picture === undefined) return this.step(by);
    this.index = index;
    if (!picture) return this.step(Math.sign(by));
    this.id = picture.id;
    return picture;
  },
};
