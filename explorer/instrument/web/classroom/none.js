/** A page without a server has no classes. @param {{read(): string, write(query: string): void}} link @returns {import("./classroom.js").Classroom} */
export const noClassroom = (link) => ({
  bar: null,
  audience: { role: () => null, isRevealed: () => false, reveal() {}, guess() {} },
  link,
  isFollower: () => false,
  moved() {},
  open: null,
  opening: async () => {},
  attach() {},
  stands() {},
  destroy() {},
});
