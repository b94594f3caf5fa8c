import { InstrumentError } from "../errors.js";
import { openSession } from "./session.js";

/**
 * An ONNX file that takes and gives what the card says.
 *
 * @typedef {import("../checkpoint/contract.js").Graph} Graph
 * @typedef {import("../checkpoint/contract.js").Port} Port
 * @typedef {import("../spaces/index.js").Tensor} Tensor
 * @typedef {{type: string, dims: readonly number[], data: any}} Given what the engine gives at one port
 * @typedef {{run(feeds: Record<string, Tensor>): Promise<Record<string, Given>>, release(): void}} Opened
 */

/**
 * @param {any} ort what `startEngine` gave
 * @param {Uint8Array} bytes of the file
 * @param {{file: string, graph: Graph, again: string}} expected `file`: what errors call it; `again`: what to do where it is not that
 * @returns {Promise<Opened>} whose `run` takes and gives tensors by the names of the ports
 */
export async function openGraph(ort, bytes, { file, graph, again }) {
  const session = await openSession(ort, bytes, file, again);
  let released = false;
  function release() {
    if (!released) session.release();
    released = true;
  }

  const names = (/** @type {Port[]} */ ports) => ports.map(({ name }) => name);
  const [inputs, outputs] = [names(graph.inputs), names(graph.outputs)];
  const isFed = [...session.inputNames].sort().join() === [...inputs].sort().join();
  if (!isFed || !outputs.every((output) => session.outputNames.includes(output))) {
    release();
    const said = (/** @type {string[]} */ list) => list.map((name) => `\`${name}\``).join(" and ");
    throw new InstrumentError(
      `${file} should take ${said(inputs)} and give ${said(outputs)}, but takes \`${session.inputNames}\` and gives ` +
        `\`${session.outputNames}\`: ${again}`,
    );
  }
  return {
    run(feeds) {
      const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
        name,
        new ort.Tensor(type, data, dims),
      ]);
      return session.run(Object.fromEntries(tensors), outputs);
    },
    release,
  };
}

/** @param {readonly (number | string)[]} dims @returns {string} such as 1 × 28 × 28 */
export const times = (dims) => dims.join(" × ");
