"""What most explorers do, for drag.py to measure beside ours: st.slider, decoder on the server."""

import sys

import numpy as np
import onnxruntime
import streamlit as st


@st.cache_resource
def open_decoder(path: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path)


decoder = open_decoder(sys.argv[1])
latents = decoder.get_inputs()[0].shape[1]
z = [st.slider(f"z{latent}", -3.0, 3.0, 0.0, 0.01) for latent in range(latents)]
image = decoder.run(["mean"], {"z": np.array([z], np.float32)})[0][0]
st.sidebar.image(np.moveaxis(np.repeat(image, 3 // len(image), axis=0), 0, -1), width=256)
