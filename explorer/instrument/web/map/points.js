import { context2d } from "../dom.js";

/** @typedef {NonNullable<ReturnType<typeof createPoints>>} Points */

const VERTEX = `#version 300 es
in vec2 place;
in float index;
uniform vec2 centre, scale;
uniform float size;
uniform highp sampler2D palette;
out vec4 colour;
void main() {
  colour = texelFetch(palette, ivec2(int(index), 0), 0);
  gl_Position = colour.a > 0.0 ? vec4((place - centre) * scale, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 colour;
uniform float size;
out vec4 pixel;
void main() {
  float inside = (0.5 - length(gl_PointCoord - 0.5)) * size;
  float alpha = colour.a * clamp(inside, 0.0, 1.0);
  pixel = vec4(colour.rgb * alpha, alpha);
}`;

const PALETTE = 256;

/**
 * Round points, drawn by WebGL2 only when something about them changes. They are drawn out of sight and copied: without a
 * graphics card, Chromium cuts a WebGL canvas off at the wrong place once the page around it is scrolled.
 *
 * @param {HTMLCanvasElement} layer that shows them
 * @param {() => void} onRestored after the graphics card was lost and came back: nothing is on the canvas then
 * @returns null where the browser has no WebGL2
 */
export function createPoints(layer, onRestored) {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false, stencil: false });
  if (!gl) return null;
  const context = context2d(layer);
  /** @type {Float32Array<ArrayBufferLike>} */
  let places = new Float32Array(0);
  /** @type {Uint8Array<ArrayBufferLike>} */
  let indices = new Uint8Array(0);
  const palette = new Uint8Array(4 * PALETTE);
  /** @type {ReturnType<typeof make> | null} */
  let made = null;
  let stale = { places: true, indices: true, palette: true };

  /** @param {WebGL2RenderingContext} gl */
  function make(gl) {
    const program = gl.createProgram();
    for (const [kind, source] of /** @type {const} */ ([
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ])) {
      // Missing only while the graphics card is lost; then nothing is drawn, and all is made again.
      const shader = gl.createShader(kind);
      if (!shader) continue;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, "place");
    gl.bindAttribLocation(program, 1, "index");
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
      gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    const at = Object.fromEntries(
      ["centre", "scale", "size"].map((name) => [name, gl.getUniformLocation(program, name)]),
    );
    const buffers = [gl.createBuffer(), gl.createBuffer()];
    [
      [2, gl.FLOAT],
      [1, gl.UNSIGNED_BYTE],
    ].forEach(([width, type], attribute) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers[attribute]);
      gl.enableVertexAttribArray(attribute);
      gl.vertexAttribPointer(attribute, width, type, false, 0, 0);
    });
    stale = { places: true, indices: true, palette: true };
    return { places: buffers[0], indices: buffers[1], at };
  }

  /** @param {WebGL2RenderingContext} gl @param {ReturnType<typeof make>} made */
  function upload(gl, made) {
    for (const [name, data] of /** @type {const} */ ([
      ["places", places],
      ["indices", indices],
    ])) {
      if (!stale[name]) continue;
      gl.bindBuffer(gl.ARRAY_BUFFER, made[name]);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    }
    if (stale.palette) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, PALETTE, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
    stale = { places: false, indices: false, palette: false };
  }

  const lost = (/** @type {Event} */ event) => {
    // Without this the browser does not give the graphics card back.
    event.preventDefault();
    made = null;
  };
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", onRestored);

  return {
    /** @param {Float32Array} points x and y of each, in turn */
    setPlaces(points) {
      places = points;
      stale.places = true;
    },
    /** @param {Uint8Array} of the index of each point's colour */
    setIndices(of) {
      indices = of;
      stale.indices = true;
    },
    /** @param {(index: number) => [number, number, number, number]} colour bytes, the last one how solid it is */
    setPalette(colour) {
      for (let index = 0; index < PALETTE; index++) palette.set(colour(index), 4 * index);
      stale.palette = true;
    },
    /** @param {import("./view.js").View} view @param {number} size across a point, in CSS pixels */
    draw(view, size) {
      if (gl.isContextLost() || !view.width) return;
      made ??= make(gl);
      const dots = view.dots;
      const [width, height] = [Math.round(view.width * dots), Math.round(view.height * dots)];
      for (const each of [canvas, layer])
        if (each.width !== width || each.height !== height) Object.assign(each, { width, height });
      gl.viewport(0, 0, width, height);
      upload(gl, made);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(made.at.centre, view.x, view.y);
      gl.uniform2f(made.at.scale, (2 * view.scale) / view.width, (2 * view.scale) / view.height);
      gl.uniform1f(made.at.size, size * dots);
      gl.drawArrays(gl.POINTS, 0, Math.min(places.length / 2, indices.length));
      context.globalCompositeOperation = "copy";
      context.drawImage(canvas, 0, 0);
    },
    destroy() {
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", onRestored);
      // A browser keeps about sixteen of them in all, and takes the oldest from a page that makes more.
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}
