"""What kernels ask about the device while they are built."""

from __future__ import annotations

import sys
from typing import Any

from tt_dialect.arch import get_arch

DEVICE = "wormhole"
"""The architecture whose number of cores is the answer: a launch grid of any size runs on any."""


def answer_queries() -> None:
    """Let `tilelang.carver.arch.driver.get_num_sms` give the number of cores where there is no GPU.

    Persistent kernels make it the size of their launch grid. Without a GPU the function fails; what
    it gives with one is left as it is.
    """
    driver: Any = sys.modules.get("tilelang.carver.arch.driver")
    if driver is None or hasattr(driver.get_num_sms, "without_gpu"):
        return
    original = driver.get_num_sms

    def get_num_sms(device_id: int = 0) -> int:
        if driver.get_cuda_device_properties(device_id) is None:
            return get_arch(DEVICE).cores
        return original(device_id)

    get_num_sms.without_gpu = True  # pyright: ignore[reportFunctionMemberAccess]
    driver.get_num_sms = get_num_sms
