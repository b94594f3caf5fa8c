/**
 * Every panel there is, a line each. Those of one place stand in this order; the first to be here follows a move first.
 *
 * @type {import("../stage.js").Panel[]}
 */
export const PANELS = (
  await Promise.all([
    import("./output.js"),
    import("./writing.js"),
    import("./denoised.js"),
    import("./completions.js"),
    import("./layers.js"),
    import("./elbo.js"),
    import("./start.js"),
    import("./noise.js"),
    import("./pipeline.js"),
    import("./source.js"),
    import("./controls.js"),
    import("./actions.js"),
    import("./samples.js"),
    import("./drawn-words.js"),
    import("./traversals.js"),
    import("./word-rows.js"),
    import("./word-path.js"),
    import("./codebook.js"),
    import("./map.js"),
    import("./whereabouts.js"),
    import("./evidence.js"),
    import("./path.js"),
    import("./directions.js"),
    import("./imputation.js"),
    import("./numbers.js"),
  ])
).map((module) => module.default);
