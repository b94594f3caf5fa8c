"""A pair of ONNX files, a decoder and an encoder, or a decoder alone."""

from pathlib import Path

import onnx

from training.errors import CheckpointError
from training.importing.found import Found, Said
from training.importing.weights import digest


def read(path: Path, said: Said) -> Found:
    """The model of `decoder.onnx` and `encoder.onnx` in a folder, or of the files that are named.

    Raises:
        CheckpointError: if the decoder's ports are not codes (B, D) and images (B, C, H, W).
    """
    decoder = path / "decoder.onnx" if path.is_dir() else path
    encoder = said.encoder
    if encoder is None and path.is_dir() and (path / "encoder.onnx").is_file():
        encoder = path / "encoder.onnx"
    taken, given = _ports(decoder)
    size = said.latents or (taken[1] if len(taken) == 2 else None)
    if size is None:
        raise CheckpointError(
            f"{decoder.name} takes {_sizes(taken)}; a decoder takes codes (batch, latents). Give "
            "--latents where the file leaves their number open."
        )
    shape = said.shape or _image(given, decoder)
    outputs = 0 if encoder is None else _outputs(encoder)
    if outputs > 2:
        raise CheckpointError(
            f"{encoder and encoder.name} gives {outputs} outputs; an encoder gives codes, or mean "
            "and log-variance. Export it with these alone."
        )
    files = [decoder] if encoder is None else [decoder, encoder]
    digests = ", ".join(f"{file.name} SHA-256 {digest(file)}" for file in files)
    left = () if encoder else ("no encoder: give it with --encoder FILE",)
    return Found(
        decoder,
        encoder,
        shape,
        size,
        prior=outputs == 2,
        likelihood=None,
        sigma=None,
        family="vae" if outputs == 2 else "autoencoder" if encoder else "decoder",
        origin=f"ONNX ({digests})",
        left=left,
    )


def _ports(path: Path) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
    """The sizes of the first input and the first output; None where a size is left open."""
    graph = _graph(path)
    held = {tensor.name for tensor in graph.initializer}
    inputs = [port for port in graph.input if port.name not in held]
    if len(inputs) != 1 or not graph.output:
        raise CheckpointError(f"{path.name} takes {len(inputs)} inputs; a decoder takes one.")
    return _shape_of(inputs[0]), _shape_of(graph.output[0])


def _outputs(path: Path) -> int:
    return len(_graph(path).output)


def _graph(path: Path) -> onnx.GraphProto:
    try:
        return onnx.load(path, load_external_data=False).graph
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}.") from error
    except Exception as error:  # protobuf has no class in common with anything
        raise CheckpointError(f"{path.name} is not a readable ONNX file.") from error


def _shape_of(port: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    return tuple(size.dim_value or None for size in port.type.tensor_type.shape.dim)


def _image(sizes: tuple[int | None, ...], path: Path) -> tuple[int, int, int]:
    match sizes:
        case (_, int(channels), int(height), int(width)):
            return channels, height, width
    raise CheckpointError(
        f"{path.name} gives {_sizes(sizes)}; images are (batch, channels, height, width). "
        "Export it so, or give --shape where the file leaves the sizes open."
    )


def _sizes(sizes: tuple[int | None, ...]) -> str:
    return f"({', '.join('?' if size is None else str(size) for size in sizes)})"
