"""The graphs of a checkpoint: ONNX files, and what their inputs and outputs carry."""

from typing import Annotated, Literal

from msgspec import Meta

from training.contract.fields import FileName, Identifier, Record, Word
from training.contract.spaces import refuse_twice

Sizes = tuple[Literal["batch", "length"] | Annotated[int, Meta(ge=1, le=2**31)], ...]


class Port(Record, frozen=True):
    """One input or output of a graph.

    `role` says what it carries: the `value` of a control, the `mean` or `log_variance` of its
    posterior, an `image`, the `logits` of characters or codes, the next `token`, or a `state` that
    a step gives and the next one takes. `control` names the control that a value, mean,
    log-variance, token or logits belong to. A size is a number, `batch`, or the `length` of a
    sequence.
    """

    name: Word
    dtype: Literal["float32", "float16", "int64", "int32"]
    shape: Annotated[Sizes, Meta(min_length=1, max_length=8)]
    role: Literal["value", "mean", "log_variance", "image", "logits", "token", "state"]
    control: Identifier | None = None

    def __post_init__(self) -> None:
        if self.role in ("value", "mean", "log_variance", "token") and self.control is None:
            raise ValueError(f"has the role {self.role} and so needs the name of a control.")


Ports = Annotated[tuple[Port, ...], Meta(min_length=1, max_length=64)]


class Graph(Record, frozen=True):
    """An ONNX file and what it takes and gives, by the names in that file."""

    file: FileName
    inputs: Ports
    outputs: Ports

    def __post_init__(self) -> None:
        refuse_twice("inputs", tuple(port.name for port in self.inputs))
        refuse_twice("outputs", tuple(port.name for port in self.outputs))

    def given(self, role: str, control: str | None = None) -> Port | None:
        """The output of that role, and of that control where one is named."""
        ports = (port for port in self.outputs if port.role == role)
        return next((port for port in ports if control in (None, port.control)), None)


class Graphs(Record, frozen=True):
    """What can be computed: an image or text of the controls, controls of an image, one token."""

    decode: Graph | None = None
    encode: Graph | None = None
    step: Graph | None = None

    def named(self) -> dict[str, Graph]:
        """Those that are there."""
        every = {"decode": self.decode, "encode": self.encode, "step": self.step}
        return {name: graph for name, graph in every.items() if graph is not None}
