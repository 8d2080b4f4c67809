"""What buffers and semaphores know of the threads that wait for them."""

from __future__ import annotations


class Waiter:
    """A thread as those see it that wake it: something to hand back to the scheduler."""

    __slots__ = ("role",)

    def __init__(self, role: str):
        self.role = role
