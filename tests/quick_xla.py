"""Flags with which XLA compiles quickly what it then runs slowly: tests compile much and run little."""

import os
import subprocess
import sys
from functools import cache

FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
QUICKER = f"{FLAGS} --xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"


@cache
def flags() -> str:
    """Those that the installed XLA knows, which ends a program at one that it does not."""
    environment = os.environ | {"XLA_FLAGS": QUICKER, "JAX_PLATFORMS": "cpu"}
    tried = subprocess.run([sys.executable, "-c", "import jax; jax.devices()"], env=environment, capture_output=True)
    return FLAGS if tried.returncode else QUICKER
