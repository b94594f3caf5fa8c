"""Where a run computes, and in which precision."""

import platform

import torch

from training.errors import ConfigError


def device(name: str) -> torch.device:
    """`auto` is the GPU where there is one (CUDA, then Apple's), else the CPU."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name != "auto":
        if not present.get(name, True):
            raise ConfigError(f"--device {name}: torch finds none here; use --device cpu or auto.")
        return torch.device(name)
    return torch.device(next((kind for kind, found in present.items() if found), "cpu"))


def precision(name: str, device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 where the device computes in it, else float32."""
    if name != "auto":
        return torch.bfloat16 if name == "bfloat16" else torch.float32
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        abilities = torch.cpu.get_capabilities()
        fast = device.type == "cpu" and bool(
            abilities.get("avx512_bf16") or abilities.get("amx_bf16")
        )
    return torch.bfloat16 if fast else torch.float32


def autocast(device: torch.device, precision: torch.dtype) -> torch.autocast:
    """Computing on the device in the precision of a run."""
    return torch.autocast(device.type, precision, enabled=precision != torch.float32)


def hardware(device: torch.device, note: str = "") -> str:
    """The device's name, as its maker gives it, and what is to be noted beside it."""
    words = [torch.cuda.get_device_name(device)] if device.type == "cuda" else _cpu()
    return ", ".join([*words, note] if note else words)


def _cpu() -> list[str]:
    name = torch.cpu.get_capabilities().get("cpu_name") or platform.processor()
    threads = torch.get_num_threads()
    return [name or platform.machine(), f"{threads} thread{'s' if threads > 1 else ''}"]


def then(before: str, now: str) -> str:
    """What a run was computed on so far, and what it goes on with where that is another."""
    if not before:
        return now
    return before if before.split(", then ")[-1] == now else f"{before}, then {now}"
