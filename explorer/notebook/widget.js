// The instrument as an anywidget: a page with all that it needs, in a frame of its own, so that neither its styles nor its
// keys are the notebook's. The model is decoded in that frame; Python hears where it went.

const FOLLOWED = ["z", "label", "selection"];

/** @param {any} model of the widget @returns {Promise<ArrayBuffer>} the page, which no notebook file is to keep */
function page(model) {
  return new Promise((resolve) => {
    function take(message, [content]) {
      if (message?.kind !== "page") return;
      model.off("msg:custom", take);
      resolve(content.buffer ?? content);
    }
    model.on("msg:custom", take);
    model.send({ kind: "page" });
  });
}

async function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = model.get("title");
  frame.style.cssText = `width: 100%; height: ${model.get("height")}px; border: 0; background: white`;
  let told = {};
  const put = () => {
    const wanted = Object.fromEntries(FOLLOWED.map((name) => [name, model.get(name)]));
    if (wanted.z?.length === 0) delete wanted.z;
    if (JSON.stringify(wanted) !== JSON.stringify(told)) frame.contentWindow?.postMessage(wanted, "*");
  };
  function hear({ source, data }) {
    if (source !== frame.contentWindow || !Array.isArray(data?.z)) return;
    told = data;
    for (const name of FOLLOWED) model.set(name, data[name]);
    model.save_changes();
  }
  const address = URL.createObjectURL(new Blob([await page(model)], { type: "text/html" }));
  window.addEventListener("message", hear);
  for (const name of FOLLOWED) model.on(`change:${name}`, put);
  frame.addEventListener("load", put);
  frame.src = address;
  el.append(frame);
  return () => {
    window.removeEventListener("message", hear);
    for (const name of FOLLOWED) model.off(`change:${name}`, put);
    URL.revokeObjectURL(address);
  };
}

export default { render };
