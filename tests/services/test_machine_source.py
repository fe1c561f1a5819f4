"""Looking at the machine again and again, also beside a driver that hangs."""

from pathlib import Path

from desktop_app.hardware.nvml import NvmlHelper
from desktop_app.services.machine_source import MachineSource
from tests.hardware.fake_driver import program


def test_a_driver_that_hangs_is_left_alone_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidiactl").touch()
    started = tmp_path / "started"
    helper = NvmlHelper(program(f"open({str(started)!r}, 'a').write('x')\ntime.sleep(600)"), first_answer_seconds=0.5)
    source = MachineSource(helper=helper, root=tmp_path)
    assert "did not answer" in source.look().gpu_note
    assert "did not answer" in source.look().gpu_note
    assert started.read_text() == "x"
