"""The gauges of a machine that is only described (`domain/machine_file`): its figures, which never move."""

from desktop_app.domain.machine import GpuSample, Machine, MachineSample


class StillSampler:
    """Stands where `sampler.Sampler` stands.

    Args:
        machine: what the description says.
    """

    def __init__(self, machine: Machine) -> None:
        self._sample = MachineSample(
            cpu=0.0,
            used_bytes=max(0, machine.memory_bytes - machine.available_bytes),
            total_bytes=machine.memory_bytes,
            gpus=tuple(
                # As the driver has it: a card that shares the computer's memory has no figures of its own.
                GpuSample(gpu.name, 0.0, 0, 0)
                if gpu.unified
                else GpuSample(gpu.name, 0.0, max(0, gpu.total_bytes - gpu.free_bytes), gpu.total_bytes)
                for gpu in machine.gpus
            ),
        )

    async def sample(self) -> MachineSample:
        """The same as ever."""
        return self._sample

    async def rest(self) -> None:
        """There is nothing to let go of."""
